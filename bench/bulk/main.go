// Command bulk measures what large workflows cost a store: each shape is
// enqueued, run to its end in batches of 1,000, cancelled, and failed at its
// root. It prints how long that took, how many statements, which was the
// slowest, and the peak of the memory. Nothing is asserted.
//
//	go run ./bench/bulk -url sqlite:///tmp/bulk.db -jobs 100000 -shapes fan,layered
//
// On a server it uses the database of the URL, whose schema must be there.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime/pprof"
	"strings"
	"time"

	"github.com/hammerwork/hammerwork/internal/database"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

func main() {
	url := flag.String("url", "", "the database")
	n := flag.Int("jobs", 100_000, "how many jobs a workflow has")
	list := flag.String("shapes", "flat,chain,fan,fanin,layered,stages", "which shapes")
	phases := flag.String("phases", "run,cancel,fail", "what becomes of them")
	profile := flag.String("profile", "", "write a CPU profile to this file")
	flag.Parse()
	if *profile != "" {
		f, err := os.Create(*profile)
		if err == nil {
			err = pprof.StartCPUProfile(f)
		}
		if err != nil {
			fail(err)
		}
		defer pprof.StopCPUProfile()
	}
	ctx := context.Background()
	m := &meter{total: map[string]time.Duration{}}
	s, err := database.Open(ctx, *url, store.Options{LeaseTTL: time.Hour, AcceptTTL: time.Hour, Observe: m.observe})
	if err != nil {
		fail(err)
	}
	defer s.Close()
	if err := s.Ready(ctx); err != nil {
		fail(err)
	}
	b := &bench{ctx: ctx, s: s, m: m, n: *n}
	for _, shape := range strings.Split(*list, ",") {
		for _, phase := range strings.Split(*phases, ",") {
			fmt.Printf("%s of %d jobs: %s\n", shape, *n, phase)
			if err := b.one(shape, phase); err != nil {
				fail(err)
			}
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "bulk:", err)
	os.Exit(1)
}

// bench drives a store as the services do.
type bench struct {
	ctx context.Context
	s   store.Store
	m   *meter
	n   int
}

func (b *bench) one(shape, phase string) error {
	var w *workflow.Workflow
	if shape == "stages" {
		w = stages(b.n)
	} else {
		w = workflow.NewWorkflow(shape)
		w.Jobs = shapes[shape](b.n)
	}
	if err := w.Validate(); err != nil {
		return err
	}
	if err := b.m.phase("enqueue", func() error {
		_, err := b.s.EnqueueWorkflow(b.ctx, w, store.EnqueueOptions{})
		return err
	}); err != nil {
		return err
	}
	id := w.ID
	w = nil // the engine does not hold it either
	switch phase {
	case "run":
		if err := b.m.phase("claim and resolve all", b.run); err != nil {
			return err
		}
	case "cancel":
		if err := b.m.phase("cancel", func() error {
			_, err := b.s.CancelWorkflow(b.ctx, id, time.Minute, store.Actor{})
			return err
		}); err != nil {
			return err
		}
	case "fail":
		if err := b.m.phase("claim one and fail it", b.failOne); err != nil {
			return err
		}
	}
	got, err := b.s.Workflow(b.ctx, id)
	if err == nil && !got.Status.Terminal() {
		err = fmt.Errorf("the workflow is %s: %+v", got.Status, got.Tally)
	}
	return err
}

func (b *bench) claim(limit int) ([]job.Outcome, error) {
	leases, err := b.s.Claim(b.ctx, []store.Grant{{Lease: job.NewID(), Worker: "bulk", Limit: limit}}, false)
	var outcomes []job.Outcome
	for _, l := range leases {
		for _, c := range l.Jobs {
			outcomes = append(outcomes, job.Outcome{Fence: c.Fence, Kind: job.KindCompleted, Result: []byte(`{"ok":true}`)})
		}
	}
	return outcomes, err
}

func (b *bench) run() error {
	for {
		outcomes, err := b.claim(store.MaxClaim)
		if err != nil || len(outcomes) == 0 {
			return err
		}
		if _, err := b.s.Resolve(b.ctx, outcomes); err != nil {
			return err
		}
	}
}

func (b *bench) failOne() error {
	outcomes, err := b.claim(1)
	if err != nil {
		return err
	}
	outcomes[0].Kind, outcomes[0].Permanent, outcomes[0].Error = job.KindFailed, true, "broken"
	_, err = b.s.Resolve(b.ctx, outcomes)
	return err
}
