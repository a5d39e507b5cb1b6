package postgres

import (
	"errors"
	"testing"

	"github.com/hammerwork/hammerwork/internal/store/postgres/pgtest"
	"github.com/hammerwork/hammerwork/internal/store/sqlstore"
)

func TestARowThatCannotBeReadTakesNoStatementFromItsConnection(t *testing.T) {
	s := opened(t, pgtest.URL(t)+"&pool_max_conns=1")
	unreadable := errors.New("unreadable")
	err := s.db.Write(t.Context(), func(x sqlstore.Tx) error {
		x.QueueQuery("queues_set", func(sqlstore.Row) error { return nil })
		var now int64
		x.QueueNow(&now)
		x.QueueQuery("last_job_looked_at", func(sqlstore.Row) error { return nil }, make([]byte, 16), 0, make([]byte, 16))
		x.QueueExec("pause_queue", "q", int64(1))
		x.QueueQuery("queues_set", func(sqlstore.Row) error { return unreadable })
		x.QueueExec("resume_queue", "q")
		return nil
	})
	if !errors.Is(err, unreadable) {
		t.Fatalf("the error is %v", err)
	}
	if _, err := s.ResumeQueue(t.Context(), "q"); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
