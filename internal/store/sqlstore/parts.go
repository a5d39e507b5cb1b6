package sqlstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// CheckParts implements store.Assembler. What concerns one job is compared in
// one transaction, as it stands then. A check that fails goes behind the others.
func (s *Store) CheckParts(ctx context.Context, limit int) (store.Resolution, error) {
	var r store.Resolution
	var jobs []job.ID
	checks := map[job.ID][]job.ID{} // job → its checks
	n := 0
	err := s.db.Read(ctx, func(tx Tx) error {
		jobs, checks, n = nil, map[job.ID][]job.ID{}, 0
		return tx.Query("part_checks", func(row Row) error {
			var id, of job.ID
			err := row.Scan(&id, &of)
			if checks[of] == nil {
				jobs = append(jobs, of)
			}
			checks[of] = append(checks[of], id)
			n++
			return err
		}, limit)
	})
	if err != nil {
		return r, fmt.Errorf("check parts: %w", err)
	}
	var failed error
	for _, id := range jobs {
		done, err := s.checkParts(ctx, id, checks[id])
		switch {
		case err == nil:
			addTo(&r, done)
			continue
		case away(ctx, err):
			return r, errors.Join(failed, fmt.Errorf("check parts of job %s: %w", id, err))
		}
		failed = errors.Join(failed, fmt.Errorf("check parts of job %s: %w", id, err), s.putOff(ctx, id, checks[id]))
	}
	if n == limit && r.Done > 0 {
		r.Done = limit // there may be more
	}
	return r, failed
}

// putOff moves checks behind the others.
func (s *Store) putOff(ctx context.Context, id job.ID, checks []job.ID) error {
	return s.db.Write(ctx, func(tx Tx) error {
		now, err := tx.Now()
		if err != nil {
			return err
		}
		n, err := tx.Exec("delete_part_checks", checks)
		if n > 0 {
			queueRows(tx, "insert_part_checks", newPartChecks([]job.ID{id}, now))
		}
		return err
	})
}

// errMoved says that a job began anew since it was read.
var errMoved = errors.New("the job began anew meanwhile")

// errUnmade says that items that were to be made cannot be seen: what an earlier
// attempt left of them is being deleted. They are made when it is gone.
var errUnmade = errors.New("its items are being deleted, and made again then")

// checkParts looks at a job and its parts, a few times if it begins anew
// meanwhile.
func (s *Store) checkParts(ctx context.Context, id job.ID, checks []job.ID) (r store.Resolution, err error) {
	for range 3 {
		if r, err = s.lookAtParts(ctx, id, checks); !errors.Is(err, errMoved) {
			break
		}
	}
	return r, err
}

// lookAtParts looks at a job and its parts, after it has made them if they are
// those of a map and not there yet.
func (s *Store) lookAtParts(ctx context.Context, id job.ID, checks []job.ID) (store.Resolution, error) {
	j, err := s.jobOfParts(ctx, id)
	if err != nil {
		return store.Resolution{}, err
	}
	var unmade refusal
	var stopped store.Resolution                                // of items of another list
	if j != nil && j.status == job.Suspended && j.list != nil { // of a map
		if err := s.makeItems(ctx, j, &stopped); err != nil && !errors.As(err, &unmade) {
			return store.Resolution{}, err
		}
	}
	var r store.Resolution
	err = s.db.Write(ctx, func(tx Tx) error {
		r = store.Resolution{}
		var mine []job.ID
		if err := tx.Query("take_part_checks", scanIDs(&mine), sortedIDs(checks)); err != nil || len(mine) == 0 {
			return err
		}
		tx.QueueExec("delete_part_checks", mine)
		r.Done = len(mine)
		if j == nil || j.parts == (job.ID{}) {
			return nil // it is deleted, or it is a map that was not over anything yet
		}
		if unmade != "" {
			return s.endUnmade(tx, j, unmade, &r)
		}
		return s.compare(tx, j, &r)
	})
	addTo(&r, stopped)
	return r, err
}

// compare locks a job of parts and its parts, the workflows of both together,
// and lets either do what follows from how the other stands.
func (s *Store) compare(tx Tx, j *jobOfParts, r *store.Resolution) error {
	p := s.newPart()
	locked := []job.ID{j.parts}
	if j.workflow != (job.ID{}) {
		locked = append(locked, j.workflow)
	}
	p.lockWorkflows(tx, "lock_workflows", sortedIDs(locked))
	p.lockWithChildren(tx, []job.ID{j.id})
	p.readEdges(tx, []job.ID{j.id}, 2*p.pageRows, false)
	var now int64
	a := &assembly{tx: tx, p: p, r: r}
	tx.QueueNow(&now)
	tx.QueueQuery("parts_stand", func(row Row) error { return row.Scan(&a.epoch, &a.paused) }, j.parts[:])
	if err := tx.Flush(); err != nil {
		return err
	}
	if err := p.connect(tx, []job.ID{j.id}); err != nil {
		return err
	}
	i, known := p.index[j.id]
	w, stored := p.headers[j.parts]
	if known && !stored && j.list != nil && p.Nodes[i].Status == job.Suspended {
		return errUnmade
	}
	if !known || !stored || p.header(i) == nil && j.workflow != (job.ID{}) { // hidden, or deleted
		return nil
	}
	if p.jobs[i].epoch != j.epoch {
		return errMoved // its list may be another one now
	}
	a.node, a.parts, a.now = i, w, now
	return a.step()
}

// assembly is the work on one job and its parts, both locked.
type assembly struct {
	tx     Tx
	p      *part
	r      *store.Resolution
	now    int64
	node   int   // the job
	parts  int   // the header of its parts
	epoch  int64 // of the job, for which the parts began last
	paused bool  // their pause came from above
}

// step does what is to be done now, if anything is.
func (a *assembly) step() error {
	n, j, h := &a.p.Nodes[a.node], &a.p.jobs[a.node], &a.p.Workflows[a.parts]
	paused := n.Workflow >= 0 && a.p.Workflows[n.Workflow].Status == workflow.Paused
	twice := n.Workflow >= 0 && a.p.Workflows[n.Workflow].CancelFinally
	switch {
	case n.Status.Terminal():
		if h.Status == workflow.Pending || h.Status.Terminal() || h.Status == workflow.Cancelling {
			return nil
		}
		reason := job.ReasonUser
		if n.Reason == job.ReasonDeadline {
			reason = n.Reason
		}
		return a.cancel(reason, false)
	case n.Status != job.Suspended:
		return nil // it begins anew, and is not as far
	case h.Status.Terminal() && a.epoch != j.epoch:
		return a.again()
	case h.Status.Terminal():
		return a.end()
	case j.stopping && h.Status == workflow.Cancelling && (h.CancelFinally || !twice):
		return nil
	case j.stopping:
		return a.cancel(job.ReasonUser, twice)
	case h.Status == workflow.Pending && paused:
		return nil // until it is resumed
	case h.Status == workflow.Pending:
		return a.open()
	case paused && !h.UserPaused && h.Status != workflow.Cancelling:
		a.paused = true
		return a.act("pause", "the workflow around it is paused", func(r *workflow.Resolution) { r.Pause(a.parts) })
	case !paused && a.paused:
		a.paused = false
		return a.act("resume", "the workflow around it goes on", func(r *workflow.Resolution) { r.Resume(a.parts) })
	}
	return nil
}

// act does something to the parts, for their job.
func (a *assembly) act(action, why string, f func(r *workflow.Resolution)) error {
	changes, err := a.resolve(f)
	if err != nil {
		return err
	}
	if len(changes.Workflows) > 0 { // not for what a second cancel finds nothing to stop in
		a.note(action, why)
	}
	a.mark()
	newTransition(a.p).write(a.tx, changes, a.now, a.r)
	return nil
}

// note tells people what was done to the parts.
func (a *assembly) note(action, why string) {
	by := store.Actor{Name: "hammerwork", Comment: why}
	newAudit(action, a.p.Workflows[a.parts].ID, job.ID{}, by).queue(a.tx, a.now)
}

func (a *assembly) resolve(f func(r *workflow.Resolution)) (workflow.Changes, error) {
	return a.p.resolve(a.tx, func(r *workflow.Resolution, _ *workflow.Part) { f(r) })
}

// mark notes for which epoch of the job the parts began, and whose pause they
// have.
func (a *assembly) mark() {
	id := a.p.Workflows[a.parts].ID
	a.tx.QueueExec("mark_parts", id[:], a.epoch, boolInt(a.paused))
}

// cancel cancels the parts, twice if the workflow around them was: then their
// finally jobs stop, too. Their grace is their own. Those that never began are
// over at once.
func (a *assembly) cancel(reason job.Reason, twice bool) error {
	h, why := &a.p.Workflows[a.parts], "the job that is made of it ends"
	if h.Status == workflow.Pending {
		a.epoch = a.p.jobs[a.node].epoch
	}
	if h.Status == workflow.Cancelling { // its first cancel decides how it ends
		why = "the workflow around it is cancelled for the second time"
	} else {
		a.p.reasons[a.parts] = reason
	}
	return a.act("cancel", why, func(r *workflow.Resolution) {
		r.Cancel(a.parts, reason)
		if twice {
			r.Cancel(a.parts, job.ReasonUser)
		}
	})
}

// open lets the parts begin.
func (a *assembly) open() error {
	a.epoch = a.p.jobs[a.node].epoch
	changes, err := a.resolve(func(r *workflow.Resolution) { r.Open(a.parts) })
	if err != nil {
		return err
	}
	a.mark()
	id := a.p.Workflows[a.parts].ID
	a.tx.QueueExec("start_workflow", id[:], a.now)
	t := newTransition(a.p)
	t.renew(a.tx, a.openParts(), nil, a.now)
	t.write(a.tx, changes, a.now, a.r)
	return a.times()
}

// openParts returns the jobs of the parts that have not ended.
func (a *assembly) openParts() []int {
	var list []int
	for i := range a.p.Nodes {
		if n := &a.p.Nodes[i]; n.Workflow == a.parts && !n.Status.Terminal() {
			list = append(list, i)
		}
	}
	return list
}

// times sets the timers of parts that begin.
func (a *assembly) times() error {
	id := a.p.Workflows[a.parts].ID
	var run int
	var timeout, stall int64
	if err := a.tx.Query("workflow_run", func(r Row) error { return r.Scan(&run, &timeout, &stall) }, id[:]); err != nil {
		return err
	}
	timers := workflowTimers(id, timeout, stall, a.now)
	queueRows(a.tx, "insert_timers", timers)
	a.r.Timer = a.r.Timer || len(timers) > 0
	return nil
}

// workflowTimers are the timers of a workflow that begins.
func workflowTimers(id job.ID, timeout, stall, now int64) []timerRow {
	var timers []timerRow
	if timeout > 0 {
		timers = append(timers, timerRow{now + timeout, timerWorkflow, hexID(id)})
	}
	if stall > 0 { // should one still wait, it comes to the same time and is one with this
		timers = append(timers, timerRow{now + stall, timerStall, hexID(id)})
	}
	return timers
}

// again retries parts that ended before the job began anew: what failed of them,
// or all if nothing did. What else they owe their job comes after it.
func (a *assembly) again() error {
	if a.paused {
		a.p.Workflows[a.parts].UserPaused = false
	}
	id := a.p.Workflows[a.parts].ID
	var run int
	var timeout, stall int64
	a.tx.QueueQuery("workflow_run", func(r Row) error { return r.Scan(&run, &timeout, &stall) }, id[:])
	if err := a.p.loadWorkflows(a.tx, []int{a.parts}, workflow.KnownAll); err != nil {
		return err
	}
	mode := workflow.RetryFailed
	if a.p.Workflows[a.parts].Status == workflow.Completed {
		mode = workflow.RetryAll
	}
	plan, err := workflow.PlanRetry(&a.p.Part, a.parts, mode, 0)
	if errors.Is(err, job.ErrWrongState) {
		plan, err = workflow.PlanRetry(&a.p.Part, a.parts, workflow.RetryAll, 0)
	}
	if err != nil {
		return err
	}
	if a.paused { // from above, and over with what it paused
		a.p.Workflows[a.parts].UserPaused = false
	}
	changes, err := a.resolve(func(r *workflow.Resolution) { r.Retry(a.parts, plan) })
	if err != nil {
		return err
	}
	a.epoch, a.paused = a.p.jobs[a.node].epoch, false
	a.p.reasons[a.parts] = ""
	a.note("retry", "the job that is made of it runs again")
	a.mark()
	t := newTransition(a.p)
	t.run = run + 1
	t.reopen(a.tx, id, timeout, stall, a.now, a.r)
	queueRows(a.tx, "insert_part_checks", newPartChecks([]job.ID{a.p.Nodes[a.node].ID}, a.now))
	a.r.Checks = true
	t.write(a.tx, changes, a.now, a.r)
	return nil
}

// reopen queues what lets a workflow that has ended run again, once more.
func (t *transition) reopen(tx Tx, id job.ID, timeout, stall, now int64, r *store.Resolution) {
	tx.QueueExec("delete_workflow_timers", []job.ID{id})
	tx.QueueExec("delete_stop_timers", sortedIDs(append(t.part.stopped(), id)))
	tx.QueueExec("reopen_workflow", id[:], t.run, now)
	timers := workflowTimers(id, timeout, stall, now)
	queueRows(tx, "insert_timers", timers)
	r.Timer = r.Timer || len(timers) > 0
}

// stopped returns the jobs that were told to stop and have done so.
func (p *part) stopped() []job.ID {
	var list []job.ID
	for i := range p.Nodes {
		if p.jobs[i].stopping && !p.Nodes[i].Held {
			list = append(list, p.Nodes[i].ID)
		}
	}
	return list
}

// end ends the job as its parts have ended.
func (a *assembly) end() error {
	h, rules := &a.p.Workflows[a.parts], a.p.jobs[a.node].parts
	status, reason := workflow.PartsEnd(rules.Kind, rules.Mode, h.Status, h.Deadline)
	e := workflow.Ending{Node: a.node, Status: status, Reason: reason}
	end := attemptEnd{}
	var err error
	switch {
	case status == job.Completed:
		if e.Result, err = a.result(rules.Kind); err == nil && e.Result == nil {
			e.Status, e.Reason, end.error = job.Failed, job.ReasonResultTooLarge, fmt.Sprintf("the results of its last jobs have over %d bytes together", job.MaxResult)
		}
	case status != job.Cancelled:
		end.error, err = a.failures()
	}
	if err != nil {
		return err
	}
	end.result = e.Result
	changes, err := a.resolve(func(r *workflow.Resolution) { r.EndParts(e) })
	if err != nil {
		return err
	}
	t := newTransition(a.p)
	t.ended[a.node] = end
	t.write(a.tx, changes, a.now, a.r)
	return nil
}
