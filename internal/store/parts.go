package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// Gatekeeper lets people and programs answer gates.
type Gatekeeper interface {
	// AnswerGate ends an approval or a signal that is open, with all that
	// follows. A signal that has not opened yet keeps the answer and completes with
	// it when it opens; the same payload may come again. ErrNotFound;
	// job.ErrWrongState when the job is no such gate, has ended, is an approval
	// that has not opened, or a signal that keeps another answer.
	AnswerGate(ctx context.Context, a Answer, by Actor) (Resolution, error)
}

// Answer is what a gate is answered.
type Answer struct {
	Job     job.ID
	Type    job.GateType    // what the caller takes it for: GateApproval or GateSignal
	Approve bool            // GateApproval: or it is rejected
	Payload json.RawMessage // GateSignal: its result; empty: null
}

// Assembler runs what jobs are made of.
type Assembler interface {
	// CheckParts works off up to limit notes about jobs that are made of parts,
	// each in a transaction of its own: it starts, makes, or retries the parts of
	// jobs that are suspended, tells them what happens to the job, and ends jobs
	// whose parts have ended. A note that fails holds up no other.
	CheckParts(ctx context.Context, limit int) (Resolution, error)
}

// GateRecord is a gate as stored.
type GateRecord struct {
	Type      job.GateType
	OpenedAt  time.Time // zero: not yet
	ExpiresAt time.Time // of an open one; of a timer when it completes; zero: never
	Answer    *AnswerRecord
	Defined   job.Gate // as it was enqueued
}

// AnswerRecord is how a gate was answered.
type AnswerRecord struct {
	At      time.Time
	Actor   string
	Comment string
	Approve bool            // of an approval
	Payload json.RawMessage // of a signal
	Expired bool            // nobody answered, and the default held
}

// PartsRecord is what a job is made of, as stored.
type PartsRecord struct {
	Kind        workflow.PartsKind
	Mode        workflow.BatchMode
	Over        string
	MaxParallel int
	Tolerate    int
	Workflow    job.ID // that runs as the job; zero: it was not made yet
	Status      workflow.Status
	Tally       workflow.Tally
}
