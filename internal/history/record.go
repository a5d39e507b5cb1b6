package history

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// Kind says what happened.
type Kind string

// What a process tells of itself.
const (
	Began Kind = "began" // PID; a new instance
	Ended Kind = "ended" // in good order
)

// What a worker tells. All carry Worker; those about a job carry its fence.
const (
	Received Kind = "received" // a delivery of a job came; Attempt
	Started  Kind = "started"  // its handler starts; Attempt, Payload
	Finished Kind = "finished" // its handler has ended as Outcome; Result
	Sent     Kind = "sent"     // the outcome is reported; Outcome, Result
	Answered Kind = "answered" // the report's answer for it: Verdict
	Stopped  Kind = "stopped"  // its handler is asked to stop because of Cause
	Beat     Kind = "beat"     // a heartbeat for Leases, sent at Since, was answered: they stand for TTL
	Lost     Kind = "lost"     // a heartbeat's answer says that Lease is lost
	Draining Kind = "draining" // it takes no more
)

// What services tell of committed transactions.
const (
	Claimed         Kind = "claimed"          // a job under a lease for Worker; Attempt; Repeat: maybe by an earlier try
	Delivered       Kind = "delivered"        // Count jobs under Lease are sent; it stands for TTL
	Resolved        Kind = "resolved"         // an outcome was judged: Outcome, Result, Verdict
	Changed         Kind = "changed"          // a job has a new Status; Reason, Attempt
	WorkflowChanged Kind = "workflow_changed" // so has a workflow
	Enqueued        Kind = "enqueued"         // a workflow with Count jobs, or a Job, is stored; Key
	Cancelled       Kind = "cancelled"        // the cancel of a workflow or a Job is accepted
	Steered         Kind = "steered"          // What somebody else asked of a workflow, or of a Job of it, is accepted; Count jobs are reset
)

// What somebody outside does to processes and servers.
const (
	Killed    Kind = "killed"    // PID, at once
	Suspended Kind = "suspended" // PID
	Resumed   Kind = "resumed"   // PID
	Stopping  Kind = "stopping"  // PID is asked to end
	Away      Kind = "away"      // What is stopped, cut off or restarted
	Back      Kind = "back"      // What is there again
)

// Record is one thing that happened.
type Record struct {
	Time     int64  `json:"t"` // ns since 1970
	Process  string `json:"process"`
	Instance string `json:"instance"` // of the process: a new one with each start
	Kind     Kind   `json:"kind"`

	Worker   string `json:"worker,omitempty"`
	Workflow job.ID `json:"workflow,omitzero"`
	Job      job.ID `json:"job,omitzero"`
	Epoch    int64  `json:"epoch,omitempty"`
	Lease    job.ID `json:"lease,omitzero"`
	Attempt  int    `json:"attempt,omitempty"`

	Outcome job.Kind    `json:"outcome,omitempty"`
	Result  string      `json:"result,omitempty"`  // Hash
	Payload string      `json:"payload,omitempty"` // Hash
	Verdict job.Verdict `json:"verdict,omitempty"`
	Cause   string      `json:"cause,omitempty"`
	Status  string      `json:"status,omitempty"`
	Reason  job.Reason  `json:"reason,omitempty"`

	Leases []job.ID `json:"leases,omitempty"`
	Since  int64    `json:"since,omitempty"` // ns since 1970
	TTL    int64    `json:"ttl,omitempty"`   // ns
	Repeat bool     `json:"repeat,omitempty"`
	Count  int      `json:"count,omitempty"`
	Key    string   `json:"key,omitempty"` // hash of an idempotency key and its scope
	PID    int      `json:"pid,omitempty"`
	What   string   `json:"what,omitempty"`
}

// Fence returns the claim that a record is about.
func (r Record) Fence() job.Fence { return job.Fence{Job: r.Job, Epoch: r.Epoch, Lease: r.Lease} }

// Of returns a record of kind about a claim.
func Of(kind Kind, f job.Fence) Record {
	return Record{Kind: kind, Job: f.Job, Epoch: f.Epoch, Lease: f.Lease}
}

// Hash is what is recorded of a payload or a result: 16 hex digits. None is the
// same as null.
func Hash(raw []byte) string {
	if len(raw) == 0 {
		raw = []byte("null")
	}
	h := sha256.Sum256(raw)
	return hex.EncodeToString(h[:8])
}
