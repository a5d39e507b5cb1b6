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
	audit     map[job.ID][]store.AuditRecord // oldest first
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

func (s shelf) Audit(_ context.Context, workflow, after job.ID, limit int) (page []store.AuditRecord, err error) {
	begun := after == job.ID{}
	for _, a := range s.audit[workflow] {
		if begun && len(page) < limit {
			page = append(page, a)
		}
		begun = begun || a.ID == after
	}
	return page, nil
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

func TestTheCourseOfARetriedWorkflowIsThatOfItsLastRun(t *testing.T) {
	const hour = 3600
	w := store.WorkflowRecord{ID: job.NewID(), Name: "daily", Status: workflow.Completed, Run: 3, CreatedAt: begin, FinishedAt: at(9*hour + 40)}
	ended := func(name string, due, from, to int, parents ...job.ID) store.JobRecord {
		return store.JobRecord{
			ID: job.NewID(), Name: name, Status: job.Completed, Attempts: 1, DependsOn: parents, ScheduledAt: at(due), StartedAt: at(from), FinishedAt: at(to),
		}
	}
	extract := ended("extract", 0, 0, 100)
	clean := ended("clean", hour, hour+1, hour+30, extract.ID)
	load := ended("load", 9*hour, 9*hour+2, 9*hour+10, clean.ID)
	report := ended("report", 9*hour, 9*hour+10, 9*hour+40, load.ID)
	side := ended("side", 9*hour, 9*hour, 9*hour+5)
	s := shelf{workflows: []store.WorkflowRecord{w}, jobs: map[job.ID][]store.JobRecord{w.ID: {side, report, load, clean, extract}}}
	entry := func(action string, of job.ID, s int) store.AuditRecord {
		return store.AuditRecord{ID: job.NewID(), At: at(s), Action: action, Job: of}
	}
	var audit []store.AuditRecord
	for range store.MaxPage {
		audit = append(audit, entry("pause", job.ID{}, 10))
	}
	audit = append(audit, entry("retry", job.ID{}, hour), entry("retry", job.ID{}, 9*hour), entry("retry", load.ID, 9*hour+9), entry("resume", job.ID{}, 10*hour))
	s.audit = map[job.ID][]store.AuditRecord{w.ID: audit}
	c, err := insight.CourseOf(t.Context(), s, w.ID, at(20*hour))
	if err != nil {
		t.Fatal(err)
	}
	if !c.Begin.Equal(at(9*hour)) || len(c.Jobs) != 3 || c.Plan.End != 40*time.Second {
		t.Fatalf("it begins at %s, has %d jobs and takes %s", c.Begin, len(c.Jobs), c.Plan.End)
	}
	if p := c.Plan.Path; len(p) != 2 || c.Jobs[p[0]].Name != "load" || c.Jobs[p[1]].Name != "report" {
		t.Errorf("path %v", p)
	}
	if waited := c.Plan.Jobs[c.Plan.Path[0]].Waited(); waited != 2*time.Second {
		t.Errorf("the first of the path waited %s", waited)
	}
}
