package e2e

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
)

const (
	// lease is that of the restart test: short, so that an outage can be longer.
	lease = 5 * time.Second
	// promise is how long it may take until work goes on when a server is back.
	promise = 10 * time.Second
)

func TestRestartsOfTheDatabaseAndOfNATSMakeNoJobRunAgain(t *testing.T) {
	t.Parallel()
	everyBase(t, func(t *testing.T, b base) {
		random, seed := seeded(t)
		server := b.start(t)
		f := newFleet(t, server.url, size{schedulers: 1, resolvers: 1, dispatchers: 1, workers: 2, slots: 8},
			"--lease-ttl", lease.String(), "--scheduler-reap-hold", (3 * lease).String())
		ctx, cancel := context.WithTimeout(t.Context(), late)
		defer cancel()
		d := f.driver(ctx, workload(random, calm, 400, 800*time.Millisecond))
		r := &figures{base: b.name, seed: seed, began: time.Now()}
		if err := d.enqueue(ctx, len(d.plans)); err != nil {
			t.Fatal(err)
		}
		for _, how := range b.stops {
			f.outage(ctx, d, r, "database", b.name+" "+how.name, time.Second, func() { server.stop(how) }, server.start)
		}
		// Every lease runs out meanwhile, and every worker lives.
		f.outage(ctx, d, r, "database", b.name+" for longer than a lease", 2*lease, func() { server.stop(b.stops[0]) }, server.start)
		nats := f.member("nats")
		f.outage(ctx, d, r, "nats", "NATS", time.Second, nats.p.Kill, func() {
			nats.live()
			nats.p.Says(nats.ready)
		})
		if err := d.finish(ctx); err != nil {
			t.Fatal(err)
		}
		r.took = time.Since(r.began)
		f.stop()
		f.judge(t.Context(), d, r)
		for _, again := range r.report.Explained {
			t.Errorf("%s started again in attempt %d: %s, %s", again.Name, again.Attempt, again.Cause, again.Because)
		}
	})
}

// outage takes something away while jobs run, brings it back and waits until
// work goes on.
func (f *fleet) outage(ctx context.Context, d *driver, r *figures, what, name string, down time.Duration, stop, start func()) {
	f.t.Helper()
	// Jobs run that were started after the outage before.
	if _, _, err := d.goesOn(ctx, time.Now()); err != nil {
		f.t.Fatalf("before %s: %v", name, err)
	}
	g := gap{what: name, at: time.Now()}
	f.history.Away(what)
	stop()
	<-time.After(down)
	start()
	f.history.Back(what)
	back := time.Now()
	g.away = back.Sub(g.at)
	started, ended, err := d.goesOn(ctx, back)
	if err != nil {
		f.t.Fatalf("after %s: %v", name, err)
	}
	g.started, g.ended = started.Sub(back), ended.Sub(back)
	if g.started > promise || g.ended > promise {
		f.t.Errorf("after %s it took %s until a job started, and %s until one ended", name, g.started, g.ended)
	}
	r.gaps = append(r.gaps, g)
}

// goesOn waits until jobs have been started and have completed after a time,
// and returns when the first were. It is an error when all have ended before.
func (d *driver) goesOn(ctx context.Context, after time.Time) (started, ended time.Time, err error) {
	for {
		open, err := d.eachJob(ctx, func(j store.JobRecord) {
			started, ended = firstAfter(after, j.StartedAt, started), firstAfter(after, j.FinishedAt, ended)
		})
		switch {
		case err == nil && !started.IsZero() && !ended.IsZero():
			return started, ended, nil
		case err == nil && open == 0:
			return started, ended, errors.New("all workflows have ended")
		}
		// An error says that the database is not there yet.
		if stopped := wait(ctx, 100*time.Millisecond); stopped != nil {
			return started, ended, errors.Join(stopped, err)
		}
	}
}

// eachJob calls do with the jobs of all workflows and returns how many
// workflows are open.
func (d *driver) eachJob(ctx context.Context, do func(store.JobRecord)) (open int, err error) {
	for _, id := range d.ids {
		w, err := d.store.Workflow(ctx, id)
		if err != nil {
			return 0, err
		}
		if !w.Status.Terminal() {
			open++
		}
		jobs, err := d.jobs(ctx, id)
		if err != nil {
			return 0, err
		}
		for _, j := range jobs {
			do(j)
		}
	}
	return open, nil
}

// firstAfter returns the earlier of two times, of those that are after one;
// zero: none yet.
func firstAfter(after, candidate, first time.Time) time.Time {
	if candidate.After(after) && (first.IsZero() || candidate.Before(first)) {
		return candidate
	}
	return first
}
