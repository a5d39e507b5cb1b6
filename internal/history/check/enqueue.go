package check

import (
	"github.com/hammerwork/hammerwork/internal/history"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// enqueues checks that what was accepted is stored, whole and once.
func (j *judge) enqueues() {
	keys := map[string]history.Record{}
	for _, r := range j.enqueued {
		if before, again := keys[r.Key]; r.Key != "" && again && (before.Workflow != r.Workflow || before.Job != r.Job) {
			j.breaks(StoredTwice, []history.Record{before, r}, "one idempotency key made two: %s and %s", name(before), name(r))
		}
		keys[r.Key] = r
		if r.Job != (job.ID{}) {
			if s := j.jobs[r.Job]; s == nil || s.final == nil {
				j.breaks(LostEnqueue, one(r), "job %s was accepted and is not stored", r.Job)
			}
			continue
		}
		w := j.workflow[r.Workflow]
		switch {
		case w == nil || w.final == nil:
			j.breaks(LostEnqueue, one(r), "workflow %s was accepted and is not stored", r.Workflow)
		case r.Count > 0 && len(w.jobs) < r.Count: // handlers may have spawned more
			j.breaks(LostEnqueue, one(r), "workflow %s was accepted with %d jobs; %d are stored", w.final.Name, r.Count, len(w.jobs))
		}
	}
	for _, w := range j.flows {
		if w.copies > 1 {
			j.breaks(StoredTwice, nil, "workflow %s is stored %d times", w.id, w.copies)
		}
	}
	for _, s := range j.ordered {
		if s.copies > 1 {
			j.breaks(StoredTwice, nil, "job %s is stored %d times", s.id, s.copies)
		}
	}
}

func name(r history.Record) string {
	if r.Job != (job.ID{}) {
		return "job " + r.Job.String()
	}
	return "workflow " + r.Workflow.String()
}

// open checks that nothing is left to do.
func (j *judge) open() {
	for i := range j.final.Jobs {
		if x := &j.final.Jobs[i]; (!x.Status.Terminal() || x.FinishedAt == 0) && !j.unstarted(x.Workflow) {
			j.breaks(NotEnded, nil, "%s is %s after %d attempts", x.Name, x.Status, x.Attempts)
		}
	}
	for _, w := range j.final.Workflows {
		if (!ended(w.Status) || w.FinishedAt == 0) && !j.unstarted(w.ID) {
			j.breaks(NotEnded, nil, "workflow %s is %s", w.Name, w.Status)
		}
	}
	for _, q := range j.final.Queues {
		if q.Ready > 0 || q.Running > 0 {
			j.breaks(NotEnded, nil, "queue %s has %d jobs ready and %d running", q.Name, q.Ready, q.Running)
		}
	}
}

// unstarted reports whether a workflow never began, because the job that it is
// run as never could: it may be for good.
func (j *judge) unstarted(id job.ID) bool {
	w := j.workflow[id]
	return w != nil && w.final != nil && w.final.Parent != (job.ID{}) && w.final.Status == workflow.Pending
}
