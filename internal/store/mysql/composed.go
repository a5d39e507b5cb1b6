package mysql

import (
	"fmt"

	"github.com/hammerwork/hammerwork/internal/store/sqlstore"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// composed are the statements that take more than one here. What is deleted is
// locked and read first, since a deletion does not say what it found; and from
// one queue to the next goes a statement each, since none within another is
// planned for where it has to begin.
var composed map[string]func(t *tx, name string, scan func(sqlstore.Row) error, args []any)

func init() { // they queue statements themselves
	composed = map[string]func(t *tx, name string, scan func(sqlstore.Row) error, args []any){
		"delete_ready":     takeReady,
		"take_ready":       takeReady,
		"delete_timers":    takeTimers,
		"take_timers":      takeTimers,
		"lock_descendants": lockDescendants,
		"forget_workers": func(t *tx, name string, _ func(sqlstore.Row) error, args []any) {
			take(t, name, "remove_workers", args, func(r sqlstore.Row) (x workerRow, err error) {
				err = r.Scan(&x.Name)
				return x, err
			}, nil)
		},
		"ready_queues": func(t *tx, _ string, scan func(sqlstore.Row) error, _ []any) {
			hops{t: t, ask: "this_ready_queue", read: func(r sqlstore.Row) (queue string, tell func() error, err error) {
				err = r.Scan(&queue)
				return queue, func() error { return scan(one{queue}) }, err
			}}.from("", fewQueues, false)
		},
		"queues_ready": func(t *tx, _ string, scan func(sqlstore.Row) error, args []any) {
			hops{t: t, ask: "queue_ready", args: args, read: func(r sqlstore.Row) (string, func() error, error) {
				var c counted
				err := r.Scan(&c.queue, &c.n)
				return c.queue, func() error { return scan(c) }, err
			}}.from("", fewQueues, false)
		},
	}
}

// readyRow is a row of ready.
type readyRow struct {
	ID          job.ID `json:"id"`
	Queue       string `json:"queue"`
	Rank        int    `json:"rank"`
	ScheduledAt int64  `json:"scheduled_at"`
}

// timerRow is a row of timers.
type timerRow struct {
	ID    job.ID `json:"id"`
	DueAt int64  `json:"due_at"`
	Kind  string `json:"kind"`
}

// workerRow is the key of a row of workers.
type workerRow struct {
	Name string `json:"name"`
}

func takeReady(t *tx, name string, scan func(sqlstore.Row) error, args []any) {
	take(t, name, "remove_ready", args, func(r sqlstore.Row) (x readyRow, err error) {
		err = r.Scan(&x.ID, &x.Queue, &x.Rank, &x.ScheduledAt)
		return x, err
	}, func(x readyRow) error { return scan(one{x.ID}) })
}

func takeTimers(t *tx, name string, scan func(sqlstore.Row) error, args []any) {
	take(t, name, "remove_timers", args, func(r sqlstore.Row) (x timerRow, err error) {
		err = r.Scan(&x.ID, &x.DueAt, &x.Kind)
		return x, err
	}, func(x timerRow) error { return scan(one{x.ID}) })
}

// maxSteps bounds how far one statement goes along the edges: less than what the
// server allows.
const maxSteps = 500

// lockDescendants adds how many steps the statement may take, since the servers
// cannot stop it after so many rows. The next one goes further after few rows,
// and less far after many. What counts are not the jobs but how often they were
// reached: where ways of many lengths lead to each, that grows with the square
// of the steps.
func lockDescendants(t *tx, name string, scan func(sqlstore.Row) error, args []any) {
	if t.steps == 0 {
		t.steps = 8
	}
	n, limit := 0, args[1].(int)
	t.named(name, step{want: anyNumber, scan: func(r sqlstore.Row) error {
		times := 0
		err := scan(longer{r, &times})
		n += times
		return err
	}, after: func() {
		switch {
		case n < limit/4:
			t.steps = min(2*t.steps, maxSteps)
		case n > limit:
			t.steps = max(t.steps/4, 1)
		}
	}}, append(args, t.steps))
}

// longer is a row with a column more than its reader asks for.
type longer struct {
	sqlstore.Row
	last any
}

// Scan implements sqlstore.Row.
func (l longer) Scan(dest ...any) error { return l.Row.Scan(append(dest, l.last)...) }

// take queues a statement that locks rows, and after it the one that removes
// them, which travels with what comes next: nobody else sees the difference, and
// no statement of the same Flush reads these rows.
func take[R any](t *tx, lock, remove string, args []any, read func(sqlstore.Row) (R, error), tell func(R) error) {
	var found []R
	t.named(lock, step{want: anyNumber, scan: func(r sqlstore.Row) error {
		x, err := read(r)
		if err == nil && tell != nil {
			err = tell(x)
		}
		found = append(found, x)
		return err
	}, after: func() {
		if len(found) == 0 {
			return
		}
		before := t.queue
		t.queue = nil
		t.named(remove, step{want: len(found)}, []any{found})
		t.later, t.queue = append(t.later, t.queue...), before
	}}, args)
}

// hops go from one queue that has ready jobs to the next, and ask something
// about each.
type hops struct {
	t    *tx
	ask  string // the statement that asks
	args []any  // of it
	// read reads an answer, and returns the queue and what tells its caller.
	read func(r sqlstore.Row) (queue string, tell func() error, err error)
}

// fewQueues is how many hops are tried at first, in one round trip; each further
// one tries four times as many.
const fewQueues = 8

// from queues n hops from a queue on, and after them as many as it takes.
func (h hops) from(last string, n int, quiet bool) {
	ended := false
	scan := func(r sqlstore.Row) error {
		queue, tell, err := h.read(r)
		if ended = ended || queue == last; ended || err != nil {
			return err
		}
		last = queue
		return tell()
	}
	h.t.named("first_ready_queue", step{want: anyNumber, quiet: quiet}, []any{last})
	for i := range n {
		h.t.named("next_ready_queue", step{want: anyNumber, quiet: quiet || i > 0}, nil)
		s := step{want: anyNumber, scan: scan, quiet: quiet || i > 0}
		if i == n-1 {
			s.after = func() {
				if !ended {
					h.from(last, 4*n, true)
				}
			}
		}
		h.t.named(h.ask, s, h.args)
	}
}

// counted is a row of queues_ready.
type counted struct {
	queue string
	n     int
}

// Scan implements sqlstore.Row.
func (c counted) Scan(dest ...any) error {
	*dest[0].(*string), *dest[1].(*int) = c.queue, c.n
	return nil
}

// one is a row of one column.
type one struct{ value any }

// Scan implements sqlstore.Row.
func (o one) Scan(dest ...any) error {
	switch d := dest[0].(type) {
	case *job.ID:
		*d = o.value.(job.ID)
	case *string:
		*d = o.value.(string)
	default:
		return fmt.Errorf("%T for %T", o.value, d)
	}
	return nil
}
