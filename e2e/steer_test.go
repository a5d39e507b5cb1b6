package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// look is how often people look at a workflow that they steer.
const look = 100 * time.Millisecond

// refused is an answer that says that something cannot be done.
type refused struct {
	code int
	text string
}

func (r *refused) Error() string { return fmt.Sprintf("%d %s", r.code, r.text) }

// ask asks for something to be done to a workflow. What had to be asked again
// may have been done at first: then the state refuses it.
func (d *driver) ask(ctx context.Context, id job.ID, verb string, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	before := d.repeat.Load()
	_, err = d.request(ctx, "/workflows/"+id.String()+"/"+verb, "", text)
	if no := (*refused)(nil); errors.As(err, &no) && no.code == http.StatusConflict && d.repeat.Load() > before {
		return nil
	}
	return err
}

// until looks at a workflow until it is as wanted.
func (d *driver) until(ctx context.Context, id job.ID, is func(s workflow.Status, completed int) bool) error {
	for {
		w, err := d.store.Workflow(ctx, id)
		if err == nil && is(w.Status, w.Tally.Completed) {
			return nil
		}
		if stopped := wait(ctx, look); stopped != nil { // an error may be a restart
			return errors.Join(stopped, err)
		}
	}
}

func (d *driver) pauseAndResume(ctx context.Context, _ *plan, id job.ID) error {
	if err := d.until(ctx, id, func(_ workflow.Status, completed int) bool { return completed > 0 }); err != nil {
		return err
	}
	if err := d.ask(ctx, id, "pause", map[string]string{"comment": "wait for it"}); err != nil {
		return err
	}
	if err := wait(ctx, time.Second); err != nil {
		return err
	}
	return d.ask(ctx, id, "resume", struct{}{})
}

func (d *driver) retryFailed(ctx context.Context, p *plan, id job.ID) error {
	if err := d.until(ctx, id, func(s workflow.Status, _ int) bool { return s == workflow.Failed }); err != nil {
		return err
	}
	payloads := map[string]payload{}
	for _, j := range p.Jobs {
		if j.mended {
			payloads[j.Name] = payload{SleepMS: j.Payload.SleepMS}
		}
	}
	if err := d.ask(ctx, id, "retry", map[string]any{"payloads": payloads}); err != nil {
		return err
	}
	return d.until(ctx, id, func(s workflow.Status, _ int) bool { return s != workflow.Failed })
}

// decideAll decides about each failure as the plan says, until the workflow has
// ended.
func (d *driver) decideAll(ctx context.Context, p *plan, id job.ID) error {
	planned := map[string]*planned{}
	for _, j := range p.Jobs {
		planned[j.Name] = j
	}
	for {
		var ended bool
		if err := d.until(ctx, id, func(s workflow.Status, _ int) bool {
			ended = s.Terminal()
			return ended || s == workflow.Paused
		}); err != nil || ended {
			return err
		}
		jobs, err := d.jobs(ctx, id)
		if err != nil {
			continue // until looks again
		}
		for _, j := range jobs {
			if j.Decision != workflow.Undecided {
				continue
			}
			want := planned[j.Name]
			body := map[string]any{"job": j.Name, "action": want.decision}
			switch want.decision {
			case workflow.ActionRetry:
				body["payload"] = payload{SleepMS: want.Payload.SleepMS}
			case workflow.ActionComplete:
				body["result"] = map[string]int{"n": want.number}
			}
			if err := d.ask(ctx, id, "decide", body); err != nil {
				return err
			}
		}
	}
}
