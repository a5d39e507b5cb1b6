package e2e

import (
	"context"
	"flag"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/database"
	"github.com/hammerwork/hammerwork/internal/history"
	"github.com/hammerwork/hammerwork/internal/history/check"
	"github.com/hammerwork/hammerwork/internal/history/watch"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/sdk/client"
)

var jobs = flag.Int("jobs", 3000, "how many jobs the workflows of the kill test have together")

const (
	// pace is the time from one kill to the next.
	pace = 3500 * time.Millisecond
	// mean is how long most jobs take, on average: so long that the jobs last
	// for all kills.
	mean = 250 * time.Millisecond
	// late is when everything must have ended.
	late = 150 * time.Second
)

func TestEveryProcessIsKilledAndAllWorkflowsEndAsDesigned(t *testing.T) {
	t.Parallel()
	everyBase(t, func(t *testing.T, b base) {
		random, seed := seeded(t)
		plans := workload(random, mixed, *jobs, mean)
		f := newFleet(t, b.start(t).url, size{schedulers: 2, resolvers: 2, dispatchers: 2, workers: 3, slots: 10})
		ctx, cancel := context.WithTimeout(t.Context(), late)
		defer cancel()
		d := f.driver(ctx, plans)
		r := &figures{base: b.name, seed: seed, began: time.Now()}
		f.killInTurn(ctx, d, random)
		if err := d.finish(ctx); err != nil {
			t.Fatal(err)
		}
		r.took = time.Since(r.began)
		f.stop()
		f.judge(t.Context(), d, r)
	})
}

// driver connects a driver to the fleet.
func (f *fleet) driver(ctx context.Context, plans []*plan) *driver {
	f.t.Helper()
	s, err := database.Open(ctx, f.database, store.Options{})
	if err != nil {
		f.t.Fatal(err)
	}
	c, err := client.New(ctx, client.Config{DatabaseURL: f.database, NATSURL: f.natsURL})
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() {
		if err := c.Close(); err != nil {
			f.t.Error(err)
		}
		if err := s.Close(); err != nil {
			f.t.Error(err)
		}
	})
	return &driver{server: f.server, store: s, client: c, plans: plans}
}

// killInTurn kills each process once, in random order, and starts it again.
// Some workflows are enqueued at first, and some during each kill.
func (f *fleet) killInTurn(ctx context.Context, d *driver, random *rand.Rand) {
	f.t.Helper()
	order := random.Perm(len(f.members))
	share := func(i int) int { return (i+1)*len(d.plans)/(len(order)+1) - len(d.ids) }
	if err := d.enqueue(ctx, share(0)); err != nil {
		f.t.Fatal(err)
	}
	for i, k := range order {
		next := time.After(pace)
		<-time.After(time.Duration(random.Int64N(int64(pace / 3))))
		enqueued := make(chan error, 1)
		go func() { enqueued <- d.enqueue(ctx, share(i+1)) }()
		<-time.After(time.Duration(random.Int64N(int64(20 * time.Millisecond))))
		var down time.Duration
		if random.IntN(2) == 0 {
			down = time.Duration(random.Int64N(int64(time.Second)))
		}
		f.kill(f.members[k], down)
		if err := <-enqueued; err != nil {
			f.t.Fatal(err)
		}
		<-next
	}
}

// judge checks what was stored and what the processes recorded. It shows the
// figures first: the end of a long log is what is read of it.
func (f *fleet) judge(ctx context.Context, d *driver, r *figures) {
	f.t.Helper()
	faults, ends, err := d.faults(ctx)
	if err != nil {
		f.t.Fatal(err)
	}
	defer func() {
		for _, fault := range faults {
			f.t.Error(fault)
		}
	}()
	r.ends = ends
	if err := watch.Save(ctx, f.folder, d.store); err != nil {
		f.t.Fatal(err)
	}
	if r.report, err = check.Dir(f.folder); err != nil {
		f.t.Fatal(err)
	}
	if r.past, err = history.Read(f.folder); err != nil {
		f.t.Fatal(err)
	}
	r.print(f.t, f, d)
	if len(r.report.Violations) > 0 {
		var text strings.Builder
		if err := r.report.Print(&text); err != nil {
			f.t.Fatal(err)
		}
		f.t.Errorf("the history breaks promises:\n%s", &text)
	}
}
