package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/workflowfile"
	"github.com/hammerwork/hammerwork/sdk/client"
)

// driver enqueues plans, as a careful client does: with a key, and again until
// there is an answer.
type driver struct {
	server string
	store  store.Store
	client *client.Client
	plans  []*plan
	ids    []job.ID     // of the workflows of plans, as far as they are enqueued
	alone  []job.ID     // jobs without a workflow
	repeat atomic.Int64 // requests that had to be sent again
	steers []chan error // what people do to workflows
}

// enqueue enqueues the next n plans, and a job without a workflow beside each.
func (d *driver) enqueue(ctx context.Context, n int) error {
	for range n {
		p := d.plans[len(d.ids)]
		id, err := d.enqueueOne(ctx, p)
		if err != nil {
			return fmt.Errorf("enqueue %s: %w", p.Name, err)
		}
		d.ids = append(d.ids, id)
		if p.twice {
			if again, err := d.enqueueOne(ctx, p); err != nil || again != id {
				return fmt.Errorf("enqueue %s again: %w; it is %s, and was %s", p.Name, err, again, id)
			}
		}
		if p.steer != nil {
			steered := make(chan error, 1)
			d.steers = append(d.steers, steered)
			go func() { steered <- p.steer(d, ctx, p, id) }()
		}
		if p.cancel {
			if err := d.cancel(ctx, id); err != nil {
				return fmt.Errorf("cancel %s: %w", p.Name, err)
			}
		}
		if err := d.enqueueAlone(ctx, p, id); err != nil {
			return fmt.Errorf("enqueue a job after %s: %w", p.Name, err)
		}
	}
	return nil
}

func (d *driver) enqueueOne(ctx context.Context, p *plan) (job.ID, error) {
	if len(p.across) > 0 {
		return d.enqueueAcross(ctx, p)
	}
	return d.post(ctx, "/workflows", p.Name, p.file())
}

// enqueueAcross enqueues a plan whose jobs wait for those of other workflows.
func (d *driver) enqueueAcross(ctx context.Context, p *plan) (job.ID, error) {
	w, err := workflowfile.Parse(p.Name+".json", p.file(), workflowfile.Options{})
	if err != nil {
		return job.ID{}, err
	}
	for _, a := range p.across {
		page, _, err := d.store.WorkflowJobs(ctx, d.ids[a.plan], a.parent, 1)
		if err != nil {
			return job.ID{}, err
		}
		w.Jobs[a.child].DependsOnIDs(page[0].ID)
	}
	done, err := d.client.EnqueueWorkflow(ctx, w, client.IdempotencyKey(p.Name))
	return done.ID, err
}

// enqueueAlone enqueues a job that waits for one of a workflow that completes,
// or for nothing.
func (d *driver) enqueueAlone(ctx context.Context, p *plan, id job.ID) error {
	body := map[string]any{"queue": "mail", "payload": payload{SleepMS: 50}, "retry": patient}
	if last := p.Jobs[len(p.Jobs)-1]; p.ends == workflow.Completed && p.steer == nil && last.ends == nil && !last.Finally {
		jobs, err := d.jobs(ctx, id)
		if err != nil {
			return err
		}
		body["depends_on"] = []string{jobs[len(jobs)-1].ID.String()}
	}
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	alone, err := d.post(ctx, "/jobs", p.Name, text)
	d.alone = append(d.alone, alone)
	return err
}

// cancel cancels a workflow once some of its jobs have completed.
func (d *driver) cancel(ctx context.Context, id job.ID) error {
	for {
		w, err := d.store.Workflow(ctx, id)
		if err != nil {
			return err
		}
		if w.Tally.Completed > 0 {
			break
		}
		if err := wait(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
	_, err := d.request(ctx, "/workflows/"+id.String()+"/cancel", "", []byte(`{"grace": "1s"}`))
	return err
}

// post enqueues something under a key and returns its id.
func (d *driver) post(ctx context.Context, path, key string, body []byte) (job.ID, error) {
	answer, err := d.request(ctx, path, key, body)
	if err != nil {
		return job.ID{}, err
	}
	var created wire.Created
	if err := json.Unmarshal(answer, &created); err != nil {
		return job.ID{}, err
	}
	return job.ParseID(created.ID)
}

// request posts a body, again until there is an answer that is not the fault
// of the moment.
func (d *driver) request(ctx context.Context, path, key string, body []byte) ([]byte, error) {
	for {
		answer, code, err := d.send(ctx, path, key, body)
		switch {
		case err == nil && code < 300:
			return answer, nil
		case err == nil && code != http.StatusServiceUnavailable && code != http.StatusTooManyRequests:
			return nil, fmt.Errorf("%s: %w", path, &refused{code, string(answer)})
		}
		d.repeat.Add(1)
		if stopped := wait(ctx, 50*time.Millisecond); stopped != nil {
			return nil, errors.Join(stopped, err)
		}
	}
}

func (d *driver) send(ctx context.Context, path, key string, body []byte) (answer []byte, code int, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, d.server+"/api/v1"+path, bytes.NewReader(body))
	if err != nil {
		return nil, 0, err
	}
	r.Header.Set("Content-Type", "application/json")
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, 0, err
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(resp.Body)
	return answer, resp.StatusCode, err
}

// finish waits until every workflow and job has ended.
func (d *driver) finish(ctx context.Context) error {
	for _, steered := range d.steers {
		if err := <-steered; err != nil {
			return fmt.Errorf("%w; %s", err, d.open())
		}
	}
	for _, id := range d.ids {
		if _, err := d.client.WaitWorkflow(ctx, id); err != nil {
			return fmt.Errorf("%w; %s", err, d.open())
		}
	}
	for _, id := range d.alone {
		if _, err := d.client.WaitJob(ctx, id); err != nil {
			return fmt.Errorf("job %s without a workflow: %w", id, err)
		}
	}
	return nil
}

// open says which workflows have not ended, and how far they are.
func (d *driver) open() string {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	text := "open are:"
	for i, id := range d.ids {
		w, err := d.store.Workflow(ctx, id)
		if err != nil || !w.Status.Terminal() {
			text += fmt.Sprintf(" %s (%s, %d of %d ended, %d run, %v)", d.plans[i].Name, w.Status, w.Tally.Ended(), w.Tally.Total, w.Running, err)
		}
	}
	return text
}

// faults returns how what was stored differs from the plans, and the ends of
// all jobs.
func (d *driver) faults(ctx context.Context) (list []string, ends []time.Time, err error) {
	for i, id := range d.ids {
		w, err := d.store.Workflow(ctx, id)
		if err != nil {
			return nil, nil, err
		}
		jobs, err := d.jobs(ctx, id)
		if err != nil {
			return nil, nil, err
		}
		list = append(list, d.plans[i].faults(w, jobs)...)
		list = append(list, d.acrossFaults(ctx, d.plans[i], jobs)...)
		list = append(list, d.spawnFaults(ctx, d.plans[i], jobs)...)
		for _, j := range jobs {
			ends = append(ends, j.FinishedAt)
		}
	}
	for _, id := range d.alone {
		j, err := d.store.Job(ctx, id)
		if err != nil {
			return nil, nil, err
		}
		if j.Status != job.Completed {
			list = append(list, fmt.Sprintf("job %s without a workflow is %s", id, j.Status))
		}
		ends = append(ends, j.FinishedAt)
	}
	stored, _, err := d.store.Workflows(ctx, store.WorkflowFilter{Limit: store.MaxPage})
	if err == nil && len(stored) != len(d.ids) {
		list = append(list, fmt.Sprintf("%d workflows are stored, %d were enqueued", len(stored), len(d.ids)))
	}
	return list, ends, err
}

// acrossFaults returns which jobs did not wait for those of other workflows.
func (d *driver) acrossFaults(ctx context.Context, p *plan, jobs []store.JobRecord) (list []string) {
	for _, a := range p.across {
		page, _, err := d.store.WorkflowJobs(ctx, d.ids[a.plan], a.parent, 1)
		if err != nil {
			return []string{err.Error()}
		}
		child, parent := jobs[a.child], page[0]
		if child.StartedAt.Before(parent.FinishedAt) {
			list = append(list, fmt.Sprintf("%s: %s started at %s, its parent in %s ended at %s",
				p.Name, child.Name, clock(child.StartedAt), d.plans[a.plan].Name, clock(parent.FinishedAt)))
		}
	}
	return list
}

// wait waits for a while, or until ctx is done.
func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// jobs reads all jobs of a workflow.
func (d *driver) jobs(ctx context.Context, id job.ID) (list []store.JobRecord, err error) {
	err = store.EachJob(ctx, d.store, id, func(j store.JobRecord) error {
		list = append(list, j)
		return nil
	})
	return list, err
}
