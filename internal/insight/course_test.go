package insight_test

import (
	"context"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/insight"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// shelf is a store of workflows, the newest first, and their jobs, the last first.
type shelf struct {
	workflows []store.WorkflowRecord
	jobs      map[job.ID][]store.JobRecord
}

func (s shelf) Workflow(_ context.Context, id job.ID) (store.WorkflowRecord, error) {
	for _, w := range s.workflows {
		if w.ID == id {
			return w, nil
		}
	}
	return store.WorkflowRecord{}, job.ErrNotFound
}

func (s shelf) Workflows(_ context.Context, f store.WorkflowFilter) (page []store.WorkflowRecord, next job.ID, err error) {
	for _, w := range s.workflows {
		if w.Name == f.Name && w.Status == f.Status && len(page) < f.Limit {
			page = append(page, w)
		}
	}
	return page, next, nil
}

func (s shelf) Jobs(_ context.Context, f store.JobFilter) (page []store.JobRecord, next job.ID, err error) {
	return s.jobs[f.Workflow], next, nil
}

var begin = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func at(s int) time.Time { return begin.Add(time.Duration(s) * time.Second) }

func TestAJobIsThoughtToTakeAsLongAsInEarlierRuns(t *testing.T) {
	s := shelf{jobs: map[job.ID][]store.JobRecord{}}
	add := func(status workflow.Status, run int, jobs ...store.JobRecord) job.ID {
		w := store.WorkflowRecord{ID: job.NewID(), Name: "daily", Status: status, Run: run, CreatedAt: begin, FinishedAt: at(60)}
		w.Tally.Total = len(jobs)
		s.workflows = append([]store.WorkflowRecord{w}, s.workflows...)
		s.jobs[w.ID] = jobs
		return w.ID
	}
	ended := func(name, queue string, from, to int) store.JobRecord {
		return store.JobRecord{ID: job.NewID(), Name: name, Queue: queue, Status: job.Completed, StartedAt: at(from), FinishedAt: at(to)}
	}
	add(workflow.Completed, 1, ended("load", "db", 0, 30))
	add(workflow.Completed, 2, ended("load", "db", 0, 300))
	add(workflow.Failed, 1, ended("load", "db", 0, 400))
	first := ended("extract", "etl", 0, 5)
	load := store.JobRecord{ID: job.NewID(), Name: "load", Queue: "db", Status: job.Pending, DependsOn: []job.ID{first.ID}}
	other := store.JobRecord{ID: job.NewID(), Name: "other", Queue: "etl", Status: job.Running, StartedAt: at(8)}
	last := store.JobRecord{ID: job.NewID(), Name: "last", Queue: "x", Status: job.Pending, Finally: true}
	id := add(workflow.Running, 1, last, other, load, first)

	c, err := insight.CourseOf(t.Context(), s, id, at(10))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, i := range c.Plan.Path {
		names = append(names, c.Jobs[i].Name)
	}
	if len(names) != 3 || names[0] != "extract" || names[1] != "load" || names[2] != "last" || !c.Estimated || c.Runs != 1 {
		t.Errorf("path %v, %d runs", names, c.Runs)
	}
	for i, want := range []int{5, 40, 13, 45} { // load begins now; other takes as long as its queue's; last as all
		if got := begin.Add(c.Plan.Jobs[i].End); !got.Equal(at(want)) {
			t.Errorf("%s ends at %s, want %s", c.Jobs[i].Name, got, at(want))
		}
	}
	r, err := insight.Remaining(t.Context(), s, c.Workflow, at(10))
	if err != nil || r.Runs != 1 || r.P50 != 50*time.Second {
		t.Errorf("remaining %+v, %v", r, err)
	}
}
