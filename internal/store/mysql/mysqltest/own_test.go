package mysqltest

import (
	"syscall"
	"testing"
)

func TestWhatWasCommittedOutlivesAStopOfATestsOwnServer(t *testing.T) {
	s := Own(t)
	for i, how := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		if _, err := Raw(t, s.URL).Exec("INSERT INTO hw_queues (name, paused_at) VALUES (?, 0)", how.String()); err != nil {
			t.Fatal(err)
		}
		before := s.PID()
		s.Stop(how)
		if answers(t.Context(), s.URL) == nil {
			t.Errorf("%s: it still answers", how)
		}
		s.Start()
		if s.PID() == before {
			t.Errorf("%s: it is the same process", how)
		}
		var n int
		if err := Raw(t, s.URL).QueryRow("SELECT count(*) FROM hw_queues").Scan(&n); err != nil || n != i+1 {
			t.Errorf("%s: %d rows, %v; want %d", how, n, err, i+1)
		}
	}
}
