package workflowfile

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// itemSettings are what a file says of all items of a batch at once, beside the
// batch.
type itemSettings struct {
	queue    string
	priority job.Priority
	retry    job.RetryPolicy
	timeout  time.Duration
}

// settingsOf returns the settings of a job within others, which has theirs
// where it has none, the innermost first.
func settingsOf(j, batch *job.Job, around ...*workflow.Workflow) itemSettings {
	s := itemSettings{queue: cmp.Or(j.Queue, batch.Queue), priority: job.Normal, timeout: cmp.Or(j.Timeout, batch.Timeout)}
	priority, retry := j.Priority, j.Retry
	for _, w := range around {
		priority, retry = cmp.Or(priority, w.Priority), cmp.Or(retry, w.Retry)
	}
	if priority != nil {
		s.priority = *priority
	}
	if retry != nil {
		s.retry = *retry
	}
	return s
}

// encodeBatch writes a batch of w: the settings that all of its items have, and
// their payloads.
func encodeBatch(f *fileJob, j *job.Job, p *workflow.Parts, w *workflow.Workflow) error {
	if p.Workflow.Timeout != 0 {
		return fmt.Errorf("the items of batch %s have a timeout together: the workflow %w", j.Name, ErrNotInFiles)
	}
	f.Batch = &fileBatch{Mode: p.Mode, Payloads: make([]json.RawMessage, len(p.Workflow.Jobs))}
	said := settingsOf(j, j, w)
	var all itemSettings
	for i, item := range p.Workflow.Jobs {
		f.Batch.Payloads[i] = item.Payload
		own := ""
		s := settingsOf(item, j, p.Workflow, &workflow.Workflow{Priority: j.Priority, Retry: j.Retry}, w)
		switch {
		case item.Deadline != 0:
			own = "a deadline"
		case item.Delay != 0 || !item.ScheduledAt.IsZero():
			own = "a time"
		case item.TraceID != "" || item.CorrelationID != "":
			own = "a trace or a correlation id"
		case i == 0:
			all = s
		case s != all:
			own = "a queue, priority, timeout or retry policy"
		}
		if own != "" {
			return fmt.Errorf("item %d of batch %s has %s of its own: the workflow %w", i, j.Name, own, ErrNotInFiles)
		}
	}
	f.Queue, f.Timeout = all.queue, fileDuration(all.timeout)
	if all.priority != said.priority {
		f.Priority = all.priority.String()
	}
	if all.retry != said.retry {
		f.Retry = &all.retry
	}
	return nil
}
