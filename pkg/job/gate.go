package job

import (
	"encoding/json"
	"time"

	"github.com/hammerwork/hammerwork/pkg/plainjson"
)

// GateType says what a gate waits for.
type GateType string

// The types of gates.
const (
	GateApproval GateType = "approval" // somebody approves or rejects
	GateSignal   GateType = "signal"   // somebody sends a payload, which becomes its result
	GateTimer    GateType = "timer"    // time passes
)

// GateQueue is where gates are said to be; nobody serves it.
const GateQueue = "gate"

// Gate makes a job one that has no work, and that no worker holds: from when it
// could start it is suspended until what it waits for has come.
type Gate struct {
	Type GateType

	// Of a timer: how long it waits from when it opens, or until when. One of
	// both; a time that has passed already waits for nothing.
	Wait  time.Duration
	Until time.Time

	// Of an approval and a signal: for how long it waits for an answer from when
	// it opens; 0: for good. What holds then is ApproveOnExpiry, or for a signal
	// DefaultPayload; without them the job fails, ReasonExpired.
	ExpiresAfter    time.Duration
	ApproveOnExpiry bool
	DefaultPayload  json.RawMessage `json:",omitempty"`
}

// NewApproval returns a gate that somebody has to approve: it completes then,
// and fails, ReasonRejected, when they reject it.
func NewApproval(name string) *Job { return newGate(name, Gate{Type: GateApproval}) }

// NewSignal returns a gate that completes when somebody sends it a payload,
// which becomes its result. One that is sent before it opens is kept for it.
func NewSignal(name string) *Job { return newGate(name, Gate{Type: GateSignal}) }

// NewTimer returns a gate that completes d after it could have started.
func NewTimer(name string, d time.Duration) *Job {
	return newGate(name, Gate{Type: GateTimer, Wait: d})
}

// NewTimerUntil returns a gate that completes at t, or when it could start if
// that is later.
func NewTimerUntil(name string, t time.Time) *Job {
	return newGate(name, Gate{Type: GateTimer, Until: t})
}

// Expire says how a gate ends whose time has passed without an answer: a timer
// completes, and so does what has a default; its result goes with it.
func (g *Gate) Expire() (Status, Reason, json.RawMessage) {
	switch {
	case g.Type == GateTimer:
		return Completed, "", nil
	case g.Type == GateApproval && g.ApproveOnExpiry:
		return Completed, "", json.RawMessage(`{"approved":true,"expired":true}`)
	case g.Type == GateSignal && len(g.DefaultPayload) > 0:
		return Completed, "", g.DefaultPayload
	}
	return Failed, ReasonExpired, nil
}

func newGate(name string, g Gate) *Job {
	return &Job{ID: NewID(), Name: name, Queue: GateQueue, Payload: json.RawMessage("null"), Gate: &g}
}

// WithExpiry bounds how long an approval or a signal waits: after d it fails,
// ReasonExpired.
func (j *Job) WithExpiry(d time.Duration) *Job { j.gate().ExpiresAfter = d; return j }

// WithApprovalOnExpiry lets an approval count as given when nobody has answered
// for d.
func (j *Job) WithApprovalOnExpiry(d time.Duration) *Job {
	j.gate().ExpiresAfter, j.gate().ApproveOnExpiry = d, true
	return j
}

// WithPayloadOnExpiry lets a signal complete with payload when none has come
// for d.
func (j *Job) WithPayloadOnExpiry(d time.Duration, payload any) *Job {
	j.gate().ExpiresAfter = d
	j.gate().DefaultPayload, j.err = plainjson.Marshal(payload)
	return j
}

// gate returns the gate of a job, which becomes one: validation says what is
// wrong with it then.
func (j *Job) gate() *Gate {
	if j.Gate == nil {
		j.Gate = &Gate{}
	}
	return j.Gate
}
