package wire

import (
	"encoding/json"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
)

// Gate is what a job waits for that has no work.
type Gate struct {
	Type      string      `json:"type" enum:"approval,signal,timer"`
	OpenedAt  *time.Time  `json:"opened_at" doc:"Null: not yet."`
	ExpiresAt *time.Time  `json:"expires_at" doc:"Of an open gate; of a timer when it completes. Null: it waits for good."`
	Answer    *GateAnswer `json:"answer" doc:"Null: none yet."`
}

// GateAnswer is how a gate was answered.
type GateAnswer struct {
	At       *time.Time      `json:"at"`
	Actor    string          `json:"actor" doc:"Who, as they said."`
	Comment  string          `json:"comment"`
	Approved bool            `json:"approved" doc:"Of an approval."`
	Payload  json.RawMessage `json:"payload" doc:"Of a signal."`
	Expired  bool            `json:"expired" doc:"Nobody answered in time, and its default held."`
}

// AnswerRequest approves or rejects an approval. Job is the name of the gate, its
// path within jobs that are workflows, or empty where the URL names it.
type AnswerRequest struct {
	Job string `json:"job,omitempty"`
	By
}

// SignalRequest sends a payload to a signal.
type SignalRequest struct {
	Job     string          `json:"job,omitempty"`
	Payload json.RawMessage `json:"payload,omitempty"`
	By
}

// gateOf makes the JSON of a gate; nil is none.
func gateOf(g *store.GateRecord) *Gate {
	if g == nil {
		return nil
	}
	out := &Gate{Type: string(g.Type), OpenedAt: moment(g.OpenedAt), ExpiresAt: moment(g.ExpiresAt)}
	if a := g.Answer; a != nil {
		out.Answer = &GateAnswer{At: moment(a.At), Actor: a.Actor, Comment: a.Comment, Approved: a.Approve, Payload: value(a.Payload), Expired: a.Expired}
	}
	return out
}
