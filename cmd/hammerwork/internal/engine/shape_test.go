package engine

import (
	"fmt"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// layer makes n jobs; parents picks those of the ith.
func layer(prefix string, n int, parents func(i int) []*job.Job) []*job.Job {
	jobs := make([]*job.Job, n)
	for i := range jobs {
		jobs[i] = task(fmt.Sprintf("%s.%d", prefix, i))
		if parents != nil {
			jobs[i].DependsOnJobs(parents(i)...)
		}
	}
	return jobs
}

// rnaseq has the shape of a run of nf-core/rnaseq: 197 jobs in ten layers, many
// short chains, and one join of 92.
func rnaseq() []*job.Job {
	all := layer("prepare", 15, nil)
	before := all
	for k, n := range []int{6, 6, 5, 10, 11, 12, 86, 35, 10} {
		from := before
		before = layer(fmt.Sprintf("step%d", k), n, func(i int) []*job.Job {
			parents := []*job.Job{from[i%len(from)]}
			if i%2 == 1 { // many take something of the preparation too
				parents = append(parents, all[i%5])
			}
			if parents[0] == parents[len(parents)-1] {
				return parents[:1]
			}
			return parents
		})
		all = append(all, before...)
	}
	report := task("report", all[15+6+6+5+10+11+12:][:86]...).DependsOnJobs(before[:6]...)
	return append(all, report)
}

// montage has the shape of a mosaic of the sky in three colours: 310 jobs in
// eight layers, with three joins of 66.
func montage() []*job.Job {
	project := layer("project", 48, nil)
	diff := layer("diff", 198, func(i int) []*job.Job { return []*job.Job{project[i%48], project[(i+1+i/48)%48]} })
	fit := layer("fit", 3, func(i int) []*job.Job { return diff[66*i : 66*i+66] })
	model := layer("model", 3, func(i int) []*job.Job { return fit[i : i+1] })
	background := layer("background", 48, func(i int) []*job.Job { return []*job.Job{project[i], model[i/16]} })
	table := layer("table", 3, func(i int) []*job.Job { return background[16*i : 16*i+16] })
	add := layer("add", 3, func(i int) []*job.Job { return append(append([]*job.Job{}, background[16*i:16*i+16]...), table[i]) })
	view := layer("view", 3, func(i int) []*job.Job { return add[i : i+1] })
	var all []*job.Job
	for _, l := range [][]*job.Job{project, diff, fit, model, background, table, add, view} {
		all = append(all, l...)
	}
	return append(all, task("colour", add...))
}

func TestWorkflowsOfRealShapesRunEveryJobOnceAndInOrder(t *testing.T) {
	for name, shape := range map[string]struct {
		jobs       []*job.Job
		count, fan int
	}{
		"rnaseq":  {rnaseq(), 197, 92},
		"montage": {montage(), 310, 66},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fan := 0
			for _, j := range shape.jobs {
				fan = max(fan, len(j.DependsOn))
			}
			equal(t, "jobs", len(shape.jobs), shape.count)
			equal(t, "parents of the widest join", fan, shape.fan)
			w := watchOver(shape.jobs, func(name string) time.Duration { return time.Duration(len(name)%4) * time.Millisecond })
			rec, jobs, events := run(t, Config{Handler: w.handle, Store: lasting}, shape.jobs...)

			equal(t, "status", rec.Status, workflow.Completed)
			equal(t, "completed", rec.Tally.Completed, shape.count)
			for _, fault := range w.faults {
				t.Error(fault)
			}
			if w.most > 8 {
				t.Errorf("%d handlers ran at once, want at most 8", w.most)
			}
			ends := map[string]int{}
			for _, e := range events {
				if e.Status.Terminal() {
					ends[e.Name]++
				}
			}
			for _, j := range shape.jobs {
				r := jobs[j.Name]
				if w.starts[j.Name] != 1 || r.Status != job.Completed || r.Attempts != 1 || ends[j.Name] != 1 {
					t.Errorf("%s started %d times, is %s after %d attempts, its end was told %d times", j.Name, w.starts[j.Name], r.Status, r.Attempts, ends[j.Name])
				}
				equal(t, "result of "+j.Name, string(r.Result), `"`+j.Name+`"`)
				for _, p := range w.parents[j.Name] {
					if r.StartedAt.Before(jobs[p].FinishedAt) {
						t.Errorf("%s started %s before %s had ended", j.Name, jobs[p].FinishedAt.Sub(r.StartedAt), p)
					}
				}
			}
		})
	}
}
