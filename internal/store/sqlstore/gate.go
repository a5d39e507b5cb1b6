package sqlstore

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/plainjson"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// answerRow is a row of answer_gates.
type answerRow struct {
	ID      hexID   `json:"id"`
	Actor   string  `json:"actor"`
	Comment string  `json:"comment"`
	Approve int     `json:"approve"`
	Expired int     `json:"expired"`
	Payload *string `json:"payload" sql:"bytes"`
}

// errPayload says that a signal has a payload that cannot be a result.
var errPayload = fmt.Errorf("the payload of a signal is JSON of at most %d bytes", job.MaxResult)

// AnswerGate implements store.Gatekeeper.
func (s *Store) AnswerGate(ctx context.Context, a store.Answer, by store.Actor) (store.Resolution, error) {
	if a.Type == job.GateSignal && len(a.Payload) == 0 {
		a.Payload = json.RawMessage("null")
	}
	var r store.Resolution
	err := errPayload
	if a.Type != job.GateSignal || len(a.Payload) <= job.MaxResult && json.Valid(a.Payload) {
		entry := newAudit(actionOf(a), a.Job, a.Job, by) // without a workflow it is found by its job
		err = s.db.Write(ctx, func(tx Tx) error {
			r = store.Resolution{}
			return s.answerGate(tx, a, by, entry, &r)
		})
	}
	if err != nil {
		return store.Resolution{}, fmt.Errorf("answer job %s: %w", a.Job, err)
	}
	return r, nil
}

// actionOf is what the audit calls an answer.
func actionOf(a store.Answer) string {
	switch {
	case a.Type == job.GateSignal:
		return "signal"
	case a.Approve:
		return "approve"
	}
	return "reject"
}

func (s *Store) answerGate(tx Tx, a store.Answer, by store.Actor, entry auditRow, r *store.Resolution) error {
	p := s.lockGates(tx, []job.ID{a.Job})
	var now int64
	tx.QueueNow(&now)
	if err := tx.Flush(); err != nil {
		return err
	}
	i, known := p.index[a.Job]
	if !known || p.header(i) == nil && p.jobs[i].workflow != (job.ID{}) { // or its workflow is hidden
		return job.ErrNotFound
	}
	n := &p.Nodes[i]
	switch {
	case n.Gate != a.Type:
		return fmt.Errorf("%w: job %s is %s", job.ErrWrongState, p.jobs[i].name, whatIs(n))
	case n.Status.Terminal():
		return fmt.Errorf("%w: it has ended as %s", job.ErrWrongState, n.Status)
	case n.Status != job.Suspended && a.Type != job.GateSignal:
		return fmt.Errorf("%w: it has not opened yet", job.ErrWrongState)
	}
	if n.Status != job.Suspended {
		earlier, err := suspensions(tx, []job.ID{a.Job})
		if was := earlier[a.Job].answer; err != nil || was != nil {
			if err == nil && !sameJSON(was.Payload, a.Payload) {
				err = fmt.Errorf("%w: it is signalled already, and waits for the gate to open", job.ErrWrongState)
			}
			return err // nil: the same signal came again
		}
	}
	row := answerRow{ID: hexID(a.Job), Actor: by.Name, Comment: by.Comment, Approve: boolInt(a.Approve)}
	if a.Type == job.GateSignal {
		payload := string(a.Payload)
		row.Payload = &payload
	}
	queueRows(tx, "answer_gates", []answerRow{row}, now)
	if w := p.header(i); w != nil {
		entry.Workflow = hexID(w.ID)
	}
	entry.queue(tx, now)
	if n.Status != job.Suspended { // it completes with it when it opens
		return nil
	}
	return s.endGates(tx, p, []gateEnd{answered(i, a, by)}, now, r)
}

// sameJSON reports whether two texts, which are JSON, differ in no more than spaces.
func sameJSON(a, b json.RawMessage) bool {
	var first, second bytes.Buffer
	return json.Compact(&first, a) == nil && json.Compact(&second, b) == nil && bytes.Equal(first.Bytes(), second.Bytes())
}

// whatIs says what a job is that was taken for something else.
func whatIs(n *workflow.Node) string {
	switch {
	case n.Gate == job.GateApproval:
		return "an approval: approve or reject it"
	case n.Gate == job.GateSignal:
		return "a signal: send it a payload"
	case n.Gate == job.GateTimer:
		return "a timer, which nobody answers"
	}
	return "no gate"
}

// lockGates queues the locks of gates that are to end, which no lease lists:
// their workflows, then they and their children.
func (s *Store) lockGates(tx Tx, list []job.ID) *part {
	p := s.newPart()
	p.lockWorkflows(tx, "lock_workflows_of_jobs", list)
	p.lockWithChildren(tx, list)
	return p
}

// gateEnd is how an open gate ends.
type gateEnd struct {
	node   int
	status job.Status
	reason job.Reason
	result json.RawMessage
	error  string
}

func answered(i int, a store.Answer, by store.Actor) gateEnd {
	switch {
	case a.Type == job.GateSignal:
		return gateEnd{i, job.Completed, "", a.Payload, ""}
	case a.Approve:
		result, _ := plainjson.Marshal(approval{true, by.Name, by.Comment}) // texts: no error is possible
		return gateEnd{i, job.Completed, "", result, ""}
	}
	return gateEnd{i, job.Failed, job.ReasonRejected, nil, by.Comment}
}

// approval is the result of an approval.
type approval struct {
	Approved bool   `json:"approved"`
	Actor    string `json:"actor"`
	Comment  string `json:"comment"`
}

// endGates ends open gates of a locked part, with all that follows.
func (s *Store) endGates(tx Tx, p *part, ends []gateEnd, now int64, r *store.Resolution) error {
	if len(ends) == 0 {
		return nil
	}
	var list []job.ID
	for _, e := range ends {
		list = append(list, p.Nodes[e.node].ID)
	}
	tx.QueueExec("delete_gate_timers", list)
	p.readEdges(tx, sortedIDs(list), 2*p.pageRows, false)
	if err := tx.Flush(); err != nil {
		return err
	}
	if err := p.connect(tx, list); err != nil {
		return err
	}
	changes, err := p.resolve(tx, func(r *workflow.Resolution, _ *workflow.Part) {
		for _, e := range ends {
			r.End(workflow.Ending{Node: e.node, Status: e.status, Reason: e.reason, Result: e.result})
		}
	})
	if err != nil {
		return err
	}
	t := newTransition(p)
	for _, e := range ends {
		t.ended[e.node] = attemptEnd{result: e.result, error: e.error}
	}
	t.write(tx, changes, now, r)
	return nil
}

// fireGates ends gates whose time has come: a timer completes, of the others the
// default holds. One that was answered, or that opened again since, stays as it
// is.
func (s *Store) fireGates(ctx context.Context, limit int, r *store.Resolution) error {
	var fired store.Resolution
	err := s.db.Write(ctx, func(tx Tx) error {
		fired = store.Resolution{}
		timers, list, err := due(tx, timerGate, limit)
		if err != nil || len(timers) == 0 {
			return err
		}
		p := s.lockGates(tx, sortedIDs(list))
		mine := deleteTimers(tx, timers)
		var now int64
		tx.QueueNow(&now)
		if err := tx.Flush(); err != nil {
			return err
		}
		fired.Done = len(*mine)
		open, err := suspensions(tx, sortedIDs(*mine))
		if err != nil {
			return err
		}
		var ends []gateEnd
		var rows []answerRow
		for _, id := range sortedIDs(*mine) {
			i, known := p.index[id]
			x := open[id]
			if !known || p.Nodes[i].Status != job.Suspended || p.jobs[i].gate == nil || x.expiresAt == 0 || x.expiresAt > now {
				continue
			}
			e := gateEnd{node: i}
			e.status, e.reason, e.result = p.jobs[i].gate.gate().Expire()
			if e.status == job.Completed && len(e.result) == 0 {
				e.result = json.RawMessage("null")
			}
			if e.reason == job.ReasonExpired {
				e.error = "nobody answered in time"
			}
			ends = append(ends, e)
			if p.Nodes[i].Gate != job.GateTimer {
				rows = append(rows, expiredRow(id, p.Nodes[i].Gate, e))
			}
		}
		queueRows(tx, "answer_gates", rows, now)
		return s.endGates(tx, p, ends, now, &fired)
	})
	if err == nil {
		addTo(r, fired)
	}
	return err
}

// expiredRow notes what held of a gate that nobody answered.
func expiredRow(id job.ID, kind job.GateType, e gateEnd) answerRow {
	row := answerRow{ID: hexID(id), Expired: 1, Approve: boolInt(kind == job.GateApproval && e.status == job.Completed)}
	if kind == job.GateSignal && e.status == job.Completed {
		payload := string(e.result)
		row.Payload = &payload
	}
	return row
}

// suspension is a row of suspensions_of_jobs.
type suspension struct {
	job       job.ID
	openedAt  time.Time // zero: not yet
	expiresAt int64     // 0: never
	answer    *store.AnswerRecord
}

func scanSuspension(r Row) (s suspension, err error) {
	var a store.AnswerRecord
	var payload []byte
	err = r.Scan(&s.job, nullTime{&s.openedAt}, nullMicros{&s.expiresAt}, nullTime{&a.At}, &a.Actor, &a.Comment, &a.Approve, &a.Expired, &payload)
	if a.Payload = payload; !a.At.IsZero() {
		s.answer = &a
	}
	return s, err
}

// suspensions reads what jobs wait for.
func suspensions(tx Tx, list []job.ID) (map[job.ID]suspension, error) {
	found := make(map[job.ID]suspension, len(list))
	if len(list) == 0 {
		return found, nil
	}
	err := tx.Query("suspensions_of_jobs", func(r Row) error {
		s, err := scanSuspension(r)
		found[s.job] = s
		return err
	}, list)
	return found, err
}

var _ store.Gatekeeper = (*Store)(nil)
