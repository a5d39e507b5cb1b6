//go:build unix

package mysqltest

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store/servertest"
)

// Own starts a server of the test's own, with arguments beside its defaults,
// like "--slow-query-log". Commits outlive its end, as on a server that people
// use. Its URL names a database that has the schema.
func Own(t testing.TB, args ...string) *servertest.Server {
	t.Helper()
	s := kind.Own(t, append([]string{"--innodb-flush-log-at-trx-commit=1", "--innodb-flush-method=fsync", "--innodb-doublewrite=1"}, args...)...)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	base, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	admin, err := open(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	const name = "hammerwork"
	if _, err := admin.ExecContext(ctx, "CREATE DATABASE "+name); err != nil {
		t.Fatalf("create a database for the test: %v", err)
	}
	(&server{base: base, admin: admin}).fill(ctx, t, name)
	base.Path = "/" + name
	s.URL = base.String()
	return s
}
