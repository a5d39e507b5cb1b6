package database_test

import (
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/internal/database"
)

func TestTheURLOfAMariaDBIsToldItsScheme(t *testing.T) {
	_, err := database.KindOf("mariadb://u:secret@h:3306/d")
	if err == nil || !strings.Contains(err.Error(), "mysql://") || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
}
