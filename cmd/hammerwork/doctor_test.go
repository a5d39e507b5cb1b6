package main

import (
	"net/url"
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/internal/rigtest"
	"github.com/hammerwork/hammerwork/internal/store/mysql/mysqltest"
	"github.com/hammerwork/hammerwork/internal/store/postgres/pgtest"
)

func TestDoctorFindsNothingWrongWithWhatWorks(t *testing.T) {
	t.Parallel()
	database := pgtest.Fresh(t)
	natsURL, _ := rigtest.NATS(t, 0)
	c := newCluster(t, database, natsURL, together)
	out, _ := call(t, 0, "doctor", "--server", c.server, "--database-url", database)
	for _, want := range []string{"✓ server", "✓ access", "! workers", "hammerwork worker --all-queues", "✓ database", "✓ schema", "✓ nats", "✓ resolvers"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
}

func TestDoctorSaysWhatIsWrongAndWhatToDo(t *testing.T) {
	t.Parallel()
	idle, _ := rigtest.NATS(t, 0)
	natsURL, server := rigtest.NATS(t, 0)
	server.Kill()
	database, onMySQL := pgtest.Empty(t), mysqltest.Empty(t)
	u, err := url.Parse(onMySQL)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("hammerwork", "sesame")
	for _, c := range []struct {
		code int
		args []string
		says []string
	}{
		{5, []string{"--database-url", database}, []string{"✗ server", "cannot be reached", "hint: is hammerwork dev running there?"}},
		{5, []string{"--nats-url", idle}, []string{"✓ nats", "! resolvers", "hint: what jobs did is recorded when there is one: hammerwork serve resolver"}},
		{5, []string{"--nats-url", natsURL}, []string{"✗ nats", "hint: is the NATS server running"}},
		{5, []string{"--database-url", database}, []string{"✗ schema", "hint: bring it up to date: hammerwork migrate up"}},
		{5, []string{"--database-url", "postgres://nobody:sesame@127.0.0.1:1/none"}, []string{"✗ database", "hint: is the database running"}},
		{5, []string{"--database-url", onMySQL}, []string{"✗ schema", "hint: bring it up to date: hammerwork migrate up"}},
		{5, []string{"--database-url", u.String()}, []string{"✗ database", "hint: look at the user and the password"}},
		{5, []string{"--database-url", strings.Replace(onMySQL, "hwtest_", "none_", 1)}, []string{"✗ database", "hint: make the database first"}},
		{5, []string{"--database-url", "mysql://nobody:sesame@127.0.0.1:1/none"}, []string{"✗ database", "hint: is the database running"}},
		{5, []string{"--database-url", "sqlite:///does/not/exist.db"}, []string{"✗ database", "/does/not/exist.db does not exist"}},
		{5, []string{"--database-url", "mongo://x"}, []string{"✗ database", "hint: like postgres://"}},
	} {
		out, stderr := call(t, c.code, append([]string{"doctor", "--server", "http://" + rigtest.FreeAddress(t)}, c.args...)...)
		for _, want := range c.says {
			if !strings.Contains(out, want) {
				t.Errorf("doctor %v: no %q in:\n%s", c.args, want, out)
			}
		}
		if strings.Contains(out+stderr, "sesame") {
			t.Errorf("doctor %v shows the password:\n%s%s", c.args, out, stderr)
		}
		if strings.Contains(stderr, "error:") {
			t.Errorf("doctor %v says it twice:\n%s", c.args, stderr)
		}
	}
}
