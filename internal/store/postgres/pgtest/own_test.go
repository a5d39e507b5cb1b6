package pgtest

import (
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestWhatWasCommittedOutlivesAStopOfATestsOwnServer(t *testing.T) {
	s := Own(t)
	ctx := t.Context()
	write := func(sql string, args ...any) {
		t.Helper()
		conn, err := pgx.Connect(ctx, s.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(ctx)
		if _, err := conn.Exec(ctx, sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	for i, how := range []syscall.Signal{Fast, Immediate} {
		write("INSERT INTO queues (name, paused_at) VALUES ($1, 0)", how.String())
		before := s.PID()
		s.Stop(how)
		if answers(ctx, s.URL) == nil {
			t.Errorf("%s: it still answers", how)
		}
		s.Start()
		if s.PID() == before {
			t.Errorf("%s: it is the same process", how)
		}
		var n int
		conn, err := pgx.Connect(ctx, s.URL)
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.QueryRow(ctx, "SELECT count(*) FROM queues").Scan(&n); err != nil || n != i+1 {
			t.Errorf("%s: %d rows, %v; want %d", how, n, err, i+1)
		}
		conn.Close(ctx)
	}
}
