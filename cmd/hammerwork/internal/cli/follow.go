package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/progress"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/remote"
	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

const (
	defaultPoll = 500 * time.Millisecond
	// outage is how long a server that answered before may be silent: restarts
	// do not end a wait.
	outage = time.Minute
)

// waitedError says that a wait ran out.
type waitedError struct{ text string }

func (e *waitedError) Error() string { return e.text }

// Is makes it an error of the same kind as a deadline that passed.
func (e *waitedError) Is(target error) bool { return target == context.DeadlineExceeded }

// waiting bounds ctx by a timeout; zero is none.
func waiting(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, timeout)
}

// follow looks at a workflow until it has ended, and calls on after each look.
// notice is told when the server falls silent and answers again.
func (a *app) follow(ctx context.Context, c *remote.Client, id string, on func(wire.WorkflowItem) error, notice func(string)) (wire.WorkflowItem, error) {
	var last wire.WorkflowItem
	var silentSince time.Time
	for {
		w, err := c.WorkflowItem(ctx, id)
		if err == nil {
			err = on(w)
		}
		if err == nil {
			last = w
			if ended(w) {
				return w, nil
			}
		}
		switch {
		case ctx.Err() != nil:
			return last, waited(ctx, last, id)
		case err == nil:
			if !silentSince.IsZero() {
				silentSince = time.Time{}
				notice("the server answers again")
			}
		case last.ID == "" || !transient(err):
			return last, err
		case silentSince.IsZero():
			silentSince = time.Now()
			notice("the server does not answer; trying again")
		case time.Since(silentSince) > outage:
			return last, err
		}
		select {
		case <-time.After(time.Duration(float64(a.poll) * (0.8 + 0.4*rand.Float64()))):
		case <-ctx.Done():
			return last, waited(ctx, last, id)
		}
	}
}

// transient reports whether a server may answer when it is asked again.
func transient(err error) bool {
	var unreachable *remote.Unreachable
	return errors.As(err, &unreachable) || passing(err)
}

// passing reports whether the server said that it is busy or not ready now.
func passing(err error) bool {
	var p *wire.Problem
	return errors.As(err, &p) && (p.Code == wire.CodeUnavailable || p.Code == wire.CodeRateLimited)
}

// waited says why a wait ended before the workflow.
func waited(ctx context.Context, last wire.WorkflowItem, id string) error {
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return ctx.Err()
	}
	hint := "it goes on; hammerwork workflow status " + id + " shows where it stands"
	if last.Undecided > 0 {
		hint = "it waits for a decision: " + decideHint(last)
	} else if last.Stats.Suspended > 0 {
		hint = "it goes on; hammerwork workflow status " + id + " shows what it waits for"
	}
	text := "the wait ran out before the server answered"
	if last.ID != "" {
		text = fmt.Sprintf("the wait ran out: workflow %s is %s, %s", last.Name, last.Status, endedText(last.Stats))
	}
	return &hintError{&waitedError{text}, hint}
}

// watcher shows a workflow of a server as run shows its own: what changed
// between two looks becomes the events of it.
type watcher struct {
	app      *app
	client   *remote.Client
	id       string
	of       *batchOf // the batch whose items the workflow is; nil: it is one by itself
	progress progress.Progress
	last     wire.WorkflowItem
	seen     map[string]seenJob
	waits    []suspended
	waited   bool      // something waits, or did at the last look
	asked    int       // failures that waited for a decision at the last look
	idle     time.Time // until then the jobs are not read: it took long
}

// batchOf is a batch as a watcher shows it.
type batchOf struct {
	id, name string
	end      func(context.Context) (workflow.Status, error) // waits for the end of the batch, once its items have ended
}

// seenJob is what the last look saw of a job.
type seenJob struct {
	status  string
	attempt int
}

// watch shows a workflow until it has ended, and returns it. of is the batch
// whose items it is; nil: none.
func (a *app) watch(ctx context.Context, c *remote.Client, id string, timeout time.Duration, of *batchOf) (wire.Workflow, error) {
	stops := catchStops(a.signals)
	defer stops.release()
	ctx, cancel := waiting(ctx, timeout)
	defer cancel()
	go func() {
		select {
		case <-stops.politely:
			cancel()
		case <-ctx.Done():
		}
	}()
	w := &watcher{app: a, client: c, id: id, of: of, seen: make(map[string]seenJob)}
	whole, err := w.run(ctx)
	select {
	case <-stops.politely:
		what := "workflow"
		if of != nil {
			what, id = "batch", of.id
		}
		return whole, &hintError{errStopped, fmt.Sprintf("the %s goes on; hammerwork %s cancel %s cancels it", what, what, id)}
	default:
	}
	return whole, err
}

func (w *watcher) run(ctx context.Context) (whole wire.Workflow, err error) {
	var end workflow.Status
	defer func() {
		if w.progress != nil {
			w.progress.End(end)
		}
	}()
	_, err = w.app.follow(ctx, w.client, w.id, func(now wire.WorkflowItem) error { return w.look(ctx, now) }, func(text string) { w.progress.Notice(text) })
	if err != nil {
		return wire.Workflow{}, err
	}
	if whole, err = w.client.Workflow(ctx, w.id); err != nil {
		if ctx.Err() != nil {
			err = waited(ctx, w.last, w.id)
		}
		return wire.Workflow{}, err
	}
	w.tell(whole.Jobs)
	if end = workflow.Status(whole.Status); w.of != nil {
		end, err = w.of.end(ctx)
	}
	return whole, err
}

// look reads the jobs when the counts say that something changed. How long
// that takes grows with the workflow, so it is done less often then.
func (w *watcher) look(ctx context.Context, now wire.WorkflowItem) error {
	first := w.progress == nil
	defer func(asked int) {
		if w.progress != nil && now.Undecided > asked {
			w.progress.Notice(decisionNotice(now))
		}
		w.asked = now.Undecided
	}(w.asked)
	defer func() {
		if w.progress != nil && w.waited {
			w.progress.Waits(shown(w.waits, time.Now(), func(s suspended) string { return answerCommand(s.Job) }))
		}
		w.waited = len(w.waits) > 0
	}()
	if w.waits = nil; now.Stats.Suspended > 0 && !ended(now) {
		var err error
		if w.waits, err = waits(ctx, remoteLook(w.client), w.id); err != nil {
			return err
		}
		w.waited = true
	}
	if !first && (ended(now) || now.Status == w.last.Status && now.Stats == w.last.Stats || time.Now().Before(w.idle)) {
		return nil
	}
	begin := time.Now()
	jobs, err := w.jobs(ctx)
	if err != nil {
		return err
	}
	w.idle = time.Now().Add(4 * time.Since(begin))
	if first {
		w.begin(now, jobs)
	}
	w.last = now
	w.tell(jobs)
	return nil
}

// jobs returns the jobs in the order of the definition.
func (w *watcher) jobs(ctx context.Context) (jobs []wire.Job, err error) {
	page := remote.Page{Limit: pageLimit}
	for {
		list, err := w.client.Jobs(ctx, remote.JobFilter{Workflow: w.id}, page)
		if err != nil {
			return nil, err
		}
		jobs = append(jobs, list.Items...)
		if page.Cursor = list.NextCursor; page.Cursor == "" {
			slices.Reverse(jobs) // the list has the newest first
			return jobs, nil
		}
	}
}

// begin starts the progress with what ended before.
func (w *watcher) begin(now wire.WorkflowItem, jobs []wire.Job) {
	run := progress.Run{Name: now.Name, Total: now.Stats.TotalJobs, Left: "goes on"}
	if now.StartedAt != nil {
		run.Start = now.StartedAt.Local()
	}
	if w.of != nil {
		run.Name = w.of.name
	}
	for _, j := range jobs {
		if statusOf(j).Terminal() {
			run.Before = append(run.Before, event(j))
			w.seen[j.ID] = seenJob{j.Status, j.Attempt}
		}
	}
	if w.app.quiet {
		w.progress = progress.NewSilent(w.app.err)
	} else {
		w.progress = progress.New(w.app.err, run)
	}
}

// tell makes events of what changed since the last look, in the order it
// happened.
func (w *watcher) tell(jobs []wire.Job) {
	type happened struct {
		at time.Time
		bus.JobEvent
	}
	var news []happened
	now := time.Now()
	for _, j := range jobs {
		before := w.seen[j.ID]
		if j.Status == before.status && j.Attempt == before.attempt || statusOf(j) == job.Pending {
			continue
		}
		w.seen[j.ID] = seenJob{j.Status, j.Attempt}
		start, end := timeOr(j.StartedAt, now), timeOr(j.FinishedAt, now)
		if j.StartedAt != nil && statusOf(j) != job.Running && j.Gate == nil && j.Parts == nil && (before.status != string(job.Running) || before.attempt != j.Attempt) {
			began := event(j)
			began.Status, began.Reason, began.Error = job.Running, "", ""
			news = append(news, happened{start, began})
		}
		at := end
		if statusOf(j) == job.Running {
			at = start
		}
		news = append(news, happened{at, event(j)})
	}
	slices.SortStableFunc(news, func(a, b happened) int { return cmp.Compare(a.at.UnixNano(), b.at.UnixNano()) })
	for _, n := range news {
		w.progress.JobAt(n.at, n.JobEvent)
	}
}

func timeOr(t *time.Time, otherwise time.Time) time.Time {
	if t == nil {
		return otherwise
	}
	return *t
}

func event(j wire.Job) bus.JobEvent {
	id, _ := job.ParseID(j.ID) // the server's own; the zero id would only mix up the view
	return bus.JobEvent{Job: id, Name: j.Name, Status: statusOf(j), Reason: job.Reason(j.Reason), Attempt: j.Attempt, Worker: j.Worker, Error: j.Error}
}
