package postgres

import (
	"errors"
	"net"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/dial"
)

// A server whose machine has gone takes connections, as far as anybody can
// tell, and says nothing.
func TestAServerThatSaysNothingIsGivenUp(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := opened(t, "postgres://u@"+l.Addr().String()+"/d?sslmode=disable")
	began := time.Now()
	if err := s.Ready(t.Context()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("the error is %v", err)
	}
	if took := time.Since(began); took > 2*dial.ConnectTimeout {
		t.Errorf("it took %s", took)
	}
	config, err := Config("postgres://u@h/d?connect_timeout=77")
	if err != nil || config.ConnConfig.ConnectTimeout != 77*time.Second {
		t.Errorf("the URL asks for 77s, and it is %s, %v", config.ConnConfig.ConnectTimeout, err)
	}
}
