package cli

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/hammerwork/hammerwork/internal/store"
)

func TestADatabaseThatDoesNotSpeakTLSIsNotSaidToBeDown(t *testing.T) {
	err := databaseError(fmt.Errorf("%w: %w", store.ErrUnavailable, mysql.ErrNoTLS))
	if code, hint := describe(err); code != exitUnreachable || !strings.Contains(hint, "tls=preferred") {
		t.Errorf("exit code %d, hint %q", code, hint)
	}
	err = databaseError(fmt.Errorf("%w: connection refused", store.ErrUnavailable))
	if code, hint := describe(err); code != exitUnreachable || !strings.Contains(hint, "is the database running") {
		t.Errorf("exit code %d, hint %q", code, hint)
	}
}

func TestADatabaseThatRefusesItsUserEndsWithRefused(t *testing.T) {
	for _, err := range []error{
		&mysql.MySQLError{Number: 1044}, &mysql.MySQLError{Number: 1045}, &mysql.MySQLError{Number: 1142}, &mysql.MySQLError{Number: 1698},
		&pgconn.PgError{Code: "28P01"}, &pgconn.PgError{Code: "42501"},
	} {
		if code, hint := describe(databaseError(fmt.Errorf("migrate: %w", err))); code != exitRefused || hint == "" {
			t.Errorf("%v: exit code %d, hint %q", err, code, hint)
		}
	}
	for _, err := range []error{&mysql.MySQLError{Number: 1049}, &pgconn.PgError{Code: "3D000"}} {
		if code, hint := describe(databaseError(err)); code != exitFailed || hint == "" {
			t.Errorf("%v: exit code %d, hint %q", err, code, hint)
		}
	}
}
