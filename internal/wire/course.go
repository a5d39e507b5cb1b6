package wire

import (
	"time"

	"github.com/hammerwork/hammerwork/internal/insight"
	"github.com/hammerwork/hammerwork/pkg/workflow/timing"
)

// ETA is how long a workflow may still take, by earlier runs of the same name that
// completed without a retry.
type ETA struct {
	Runs      int        `json:"runs" doc:"Earlier runs it is known from; 0: there are none, or it is run again or has ended."`
	Over      bool       `json:"over" doc:"It takes longer than any of them took."`
	P50       string     `json:"p50" doc:"Half of the runs like it needed no longer, like 1m30s; empty: not known."`
	P90       string     `json:"p90" doc:"Nine of ten needed no longer."`
	FinishP50 *time.Time `json:"finish_p50" doc:"The end by p50."`
	FinishP90 *time.Time `json:"finish_p90" doc:"The end by p90."`
}

// ETAFrom makes the JSON of what remains at a time.
func ETAFrom(r timing.Remaining, now time.Time) *ETA {
	out := &ETA{Runs: r.Runs, Over: r.Over}
	if r.Runs > 0 && !r.Over {
		out.P50, out.P90 = rounded(r.P50), rounded(r.P90)
		out.FinishP50, out.FinishP90 = moment(now.Add(r.P50)), moment(now.Add(r.P90))
	}
	return out
}

// CriticalPath is the course of a workflow.
type CriticalPath struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Status    string     `json:"status" enum:"pending,running,paused,cancelling,completed,failed,cancelled"`
	Estimated bool       `json:"estimated" doc:"It has not ended: what is to come is estimated."`
	Runs      int        `json:"runs" doc:"Earlier runs of the same name by whose jobs it is estimated."`
	Run       int        `json:"run" doc:"The one that is told of, its last: a retry begins the next."`
	CreatedAt *time.Time `json:"created_at"`
	BeginAt   *time.Time `json:"begin_at" doc:"When the run began: at the enqueue, or at the retry."`
	Took      string     `json:"took" doc:"From the begin of the run to the end of the last job, like 1m30s."`
	EndAt     *time.Time `json:"end_at" doc:"When the last job ended, or will."`
	Path      []string   `json:"path" doc:"The names of the jobs that decide when it ends, each waiting for the one before."`
	Jobs      []TimedJob `json:"jobs" doc:"All but those that had ended before the run, in the order of the definition."`
}

// TimedJob is when a job ran, or will.
type TimedJob struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Queue      string     `json:"queue"`
	Status     string     `json:"status" enum:"pending,running,retrying,suspended,completed,failed,dead,timed_out,cancelled,skipped,upstream_failed"`
	Critical   bool       `json:"critical" doc:"It is on the path."`
	Estimated  bool       `json:"estimated" doc:"It has not ended."`
	ReadyAt    *time.Time `json:"ready_at" doc:"When what it waited for had ended and its time had come."`
	StartedAt  *time.Time `json:"started_at"`
	FinishedAt *time.Time `json:"finished_at"`
	Own        string     `json:"own" doc:"How long it ran, or is thought to."`
	Waited     string     `json:"waited" doc:"How long it waited for a worker, with attempts that failed and the time between them."`
	Slack      string     `json:"slack" doc:"By how much it could end later and the workflow would not."`
}

// CriticalPathFrom makes the JSON of a course.
func CriticalPathFrom(c insight.Course) CriticalPath {
	w := c.Workflow
	out := CriticalPath{
		ID: text(w.ID), Name: w.Name, Status: string(w.Status), Estimated: c.Estimated, Runs: c.Runs, Run: w.Run,
		CreatedAt: moment(w.CreatedAt), BeginAt: moment(c.Begin), Took: rounded(c.Plan.End),
		EndAt: moment(c.Begin.Add(c.Plan.End)), Path: []string{}, Jobs: make([]TimedJob, len(c.Jobs)),
	}
	for _, i := range c.Plan.Path {
		out.Path = append(out.Path, c.Jobs[i].Name)
	}
	at := func(d time.Duration) *time.Time { return moment(c.Begin.Add(d)) }
	for i, j := range c.Jobs {
		t := c.Plan.Jobs[i]
		out.Jobs[i] = TimedJob{
			ID: text(j.ID), Name: j.Name, Queue: j.Queue, Status: string(j.Status), Critical: t.Critical, Estimated: t.Estimated,
			ReadyAt: at(t.Ready), StartedAt: at(t.Start), FinishedAt: at(t.End),
			Own: rounded(t.Own()), Waited: rounded(t.Waited()), Slack: rounded(t.Slack),
		}
	}
	return out
}

// rounded writes a duration that was measured.
func rounded(d time.Duration) string { return d.Round(time.Microsecond).String() }
