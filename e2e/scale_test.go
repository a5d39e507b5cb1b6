package e2e

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

var (
	scale  = flag.Int("scale", 1000, "how many jobs the workflows of the scale test have")
	limits = flag.Bool("limits", false, "the scale test fails when memory or a statement is over its limit")
)

// The limits of a run at scale.
const (
	memoryLimit    = 300 << 20
	statementLimit = time.Second
)

// shapes are workflows that are hard in ways of their own.
var shapes = []kind{
	{"fan", 0, (*generator).fan},
	{"layers", 0, (*generator).wideLayers},
}

// wideLayers is a random graph of ten layers: a job waits for three of the
// layer before.
func (g *generator) wideLayers(jobs int) {
	var before []*planned
	for len(g.Jobs) < jobs {
		var layer []*planned
		for range min(max(jobs/10, 1), jobs-len(g.Jobs)) {
			var parents []*planned
			for k := 0; k < min(3, len(before)); k++ {
				parents = append(parents, before[(g.IntN(len(before)/3+1)*3+k)%len(before)])
			}
			layer = append(layer, g.add(parents...))
		}
		before = layer
	}
}

// At scale what each process needs and how long statements take is bounded.
func TestALargeWorkflowIsEnqueuedAndRun(t *testing.T) {
	beside := func(t *testing.T) {
		if !*limits {
			t.Parallel() // nobody looks at the times
		}
	}
	beside(t)
	for _, b := range append(slices.Clone(bases), sqlite) {
		for _, shape := range shapes {
			t.Run(b.name+" "+shape.name, func(t *testing.T) {
				beside(t)
				g := &generator{Rand: rand.New(rand.NewPCG(1, 0)), plan: &plan{Name: "scale", Retry: &patient, kind: shape.name, ends: workflow.Completed}}
				shape.make(g, *scale)
				server := b.start(t)
				f := &fleet{t: t, database: server.url}
				f.start(size{schedulers: 1, resolvers: 2, dispatchers: 2, workers: 3, slots: 200}, b.flags...)
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
				defer cancel()
				d := f.driver(ctx, []*plan{g.plan})
				began := time.Now()
				id, err := d.enqueueOne(ctx, g.plan)
				if err != nil {
					t.Fatal(err)
				}
				enqueued := time.Now()
				d.ids = []job.ID{id}
				if err := d.finish(ctx); err != nil {
					t.Fatal(err)
				}
				ended := time.Now()
				f.stop()
				faults, _, err := d.faults(t.Context())
				if err != nil || len(faults) > 0 {
					t.Fatal(err, faults[:min(len(faults), 10)])
				}
				statements := server.slow(f)
				var text strings.Builder
				fmt.Fprintf(&text, "%s, %s of %d jobs, race detector %t\n\n", b.name, shape.name, *scale, races)
				table(&text,
					[]string{"enqueue", seconds(enqueued.Sub(began))},
					[]string{"enqueue to end", seconds(ended.Sub(began))},
					[]string{"jobs/s after the enqueue", fmt.Sprintf("%.0f", float64(*scale)/ended.Sub(enqueued).Seconds())})
				rows := [][]string{{"SLOWEST STATEMENTS", "ITS LOCK WAITS", "TIMES OVER " + slow.String()}}
				for _, s := range slowest(statements, 10) {
					rows = append(rows, []string{seconds(s.took), seconds(s.waited), fmt.Sprint(s.times), s.text})
				}
				table(&text, rows...)
				table(&text, f.memory()...)
				t.Log("\n" + text.String())
				if *limits {
					f.checkLimits(statements)
				}
			})
		}
	}
}

// checkLimits fails the test when something is over its limit. One process that
// is every service has none for its memory: SQLite's caches are in it.
func (f *fleet) checkLimits(statements []statement) {
	f.t.Helper()
	for _, m := range f.members {
		if m.peak > memoryLimit && m.role != "all" {
			f.t.Errorf("%s used %d MB; the limit is %d", m.name, m.peak>>20, memoryLimit>>20)
		}
	}
	for _, s := range statements {
		if s.took > statementLimit {
			f.t.Errorf("a statement took %s: %s", s.took, s.text)
		}
	}
}
