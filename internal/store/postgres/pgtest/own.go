//go:build unix

package pgtest

import (
	"context"
	"net/url"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hammerwork/hammerwork/internal/store/servertest"
)

// The ways to stop a server.
const (
	Fast      = syscall.SIGINT  // sessions are ended, a checkpoint is made
	Immediate = syscall.SIGQUIT // as if it crashed: the next start recovers
)

// Own starts a server of the test's own, with settings beside its defaults,
// like "log_min_duration_statement=1s". Commits outlive its end, as on a server
// that people use. Its URL names a database that has the schema.
func Own(t testing.TB, settings ...string) *servertest.Server {
	t.Helper()
	var args []string
	for _, s := range append([]string{"fsync=on", "synchronous_commit=on", "full_page_writes=on"}, settings...) {
		args = append(args, "-c", s)
	}
	s := kind.Own(t, args...)
	var err error
	if s.URL, err = database(s.URL, "hammerwork"); err != nil {
		t.Fatalf("a server of the test's own: %v", err)
	}
	return s
}

// database makes a database with the schema on a server and returns its URL.
func database(server, name string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		return "", err
	}
	u, err := url.Parse(server)
	if err != nil {
		return "", err
	}
	u.Path = "/" + name
	q := u.Query()
	q.Set("search_path", "hammerwork,public")
	u.RawQuery = q.Encode()
	return u.String(), migrate(ctx, u.String())
}
