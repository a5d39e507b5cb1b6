// Command claim measures what a claim costs a store: jobs of all priorities wait
// in some queues, and are claimed one, 64 or 1,000 at a time. Each round does it
// in strict order and with weights, over jobs alike, so that the two can be
// compared. Nothing is asserted.
//
//	go run ./bench/claim -url sqlite:///tmp/claim.db -jobs 20000 -queues 4 -rounds 3
//
// On a server it uses the database of the URL, whose schema must be there.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/hammerwork/hammerwork/internal/database"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// shared are the weights of the rounds that are not strict.
var shared = job.Weights{1, 2, 4, 8, 16}

func main() {
	var b bench
	url := flag.String("url", "", "the database")
	flag.IntVar(&b.jobs, "jobs", 20_000, "how many jobs wait")
	flag.IntVar(&b.queues, "queues", 4, "in how many queues")
	rounds := flag.Int("rounds", 3, "how often both are measured")
	flag.Parse()
	if b.jobs < 1 || b.queues < 1 {
		fmt.Fprintln(os.Stderr, "claim: -jobs and -queues must be at least 1")
		os.Exit(2)
	}
	if err := b.run(context.Background(), *url, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "claim:", err)
		os.Exit(1)
	}
}

type bench struct {
	s            store.Store
	statements   atomic.Int64
	jobs, queues int
}

func (b *bench) run(ctx context.Context, url string, rounds int) (err error) {
	b.s, err = database.Open(ctx, url, store.Options{
		LeaseTTL: time.Hour, AcceptTTL: time.Hour, Observe: func(string, time.Duration) { b.statements.Add(1) },
	})
	if err != nil {
		return err
	}
	defer b.s.Close()
	if err := b.s.Ready(ctx); err != nil {
		return err
	}
	fmt.Printf("%d jobs in %d queues\n%-10s %14s %16s %16s\n", b.jobs, b.queues, "ORDER", "JOBS A CLAIM", "µs A JOB", "STATEMENTS A JOB")
	for range rounds {
		for _, w := range []job.Weights{{}, shared} {
			for _, size := range []int{1, 64, store.MaxClaim} {
				if err := b.measure(ctx, w, size); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// measure enqueues jobs and times claims of them, as many at a time as size says.
func (b *bench) measure(ctx context.Context, w job.Weights, size int) error {
	for q := range b.queues {
		if err := b.s.SetQueueWeights(ctx, queue(q), w); err != nil {
			return err
		}
	}
	if err := b.enqueue(ctx); err != nil {
		return err
	}
	const claims = 400
	name := "strict"
	if !w.Strict() {
		name = "weighted"
	}
	before, began, got := b.statements.Load(), time.Now(), 0
	var outcomes []job.Outcome
	for n := 0; n < claims && got < b.jobs; n++ {
		list, err := b.claim(ctx, size)
		if err != nil {
			return err
		}
		got += len(list)
		outcomes = append(outcomes, list...)
	}
	took := time.Since(began)
	if got == 0 {
		return errors.New("nothing could be claimed")
	}
	fmt.Printf("%-10s %14d %16.1f %16.3f\n", name, size, float64(took.Microseconds())/float64(got), float64(b.statements.Load()-before)/float64(got))
	return b.finish(ctx, outcomes)
}

// names are the queues of the benchmark; what waits in others is left alone.
func (b *bench) names() (list []string) {
	for q := range b.queues {
		list = append(list, queue(q))
	}
	return list
}

func queue(q int) string { return fmt.Sprintf("bench-%d", q) }

func (b *bench) enqueue(ctx context.Context) error {
	for from := 0; from < b.jobs; from += 1000 {
		var list []*job.Job
		for i := from; i < min(from+1000, b.jobs); i++ {
			list = append(list, job.New(queue(i%b.queues), map[string]int{"n": i}).WithPriority(job.Priority(i/b.queues%(int(job.Critical)+1))))
		}
		if _, err := b.s.EnqueueJobs(ctx, list, nil); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) claim(ctx context.Context, size int) (outcomes []job.Outcome, err error) {
	leases, err := b.s.Claim(ctx, []store.Grant{{Lease: job.NewID(), Worker: "bench", Queues: b.names(), Limit: size}}, false)
	for _, l := range leases {
		for _, c := range l.Jobs {
			outcomes = append(outcomes, job.Outcome{Fence: c.Fence, Kind: job.KindCompleted})
		}
	}
	return outcomes, err
}

// finish ends all jobs, so that the next measurement has only its own.
func (b *bench) finish(ctx context.Context, outcomes []job.Outcome) error {
	for {
		for len(outcomes) > 0 {
			n := min(len(outcomes), store.MaxClaim)
			if _, err := b.s.Resolve(ctx, outcomes[:n]); err != nil {
				return err
			}
			outcomes = outcomes[n:]
		}
		var err error
		if outcomes, err = b.claim(ctx, store.MaxClaim); err != nil || len(outcomes) == 0 {
			return err
		}
	}
}
