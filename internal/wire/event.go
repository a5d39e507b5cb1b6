package wire

import (
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// Event is something that happened in a workflow.
type Event struct {
	ID      string     `json:"id" doc:"Its place: a page with it as the cursor begins after it."`
	At      *time.Time `json:"at"`
	Type    string     `json:"type" enum:"workflow_created,action,job_started,attempt_ended,job_ended,workflow_ended"`
	JobID   string     `json:"job_id" doc:"Empty: the workflow as a whole."`
	Job     string     `json:"job" doc:"Its name."`
	Status  string     `json:"status" doc:"The new one of the job or of the workflow; empty: it has none by this."`
	Reason  string     `json:"reason"`
	Outcome string     `json:"outcome" doc:"Of an attempt that did not complete."`
	Attempt int        `json:"attempt" doc:"Its number, which counts on over all runs; 0: this is no matter of attempts."`
	Worker  string     `json:"worker"`
	Error   string     `json:"error"`
	Action  string     `json:"action" doc:"cancel, pause, resume, retry, decide.skip, …"`
	Actor   string     `json:"actor" doc:"Who took the action, as they said."`
	Comment string     `json:"comment"`
}

var eventTypes = [...]string{"workflow_created", "action", "job_started", "attempt_ended", "job_ended", "workflow_ended"}

// EventFromRecord makes the JSON of an event.
func EventFromRecord(r store.EventRecord) Event {
	e := Event{
		ID: eventID(r.EventPlace), At: moment(r.At), Type: eventTypes[r.Kind], JobID: text(r.Job), Reason: string(r.Reason),
		Attempt: r.Attempt, Worker: r.Worker, Error: r.Error, Actor: r.Actor, Comment: r.Comment,
	}
	if e.JobID != "" {
		e.Job = r.Name
	}
	switch r.Kind {
	case store.ActionTaken:
		e.Action = r.Status
	case store.AttemptEnded:
		e.Outcome = r.Status
	default:
		e.Status = r.Status
	}
	return e
}

// eventID writes the place of an event.
func eventID(p store.EventPlace) string {
	b := []byte{'e', byte(p.Kind)}
	b = binary.BigEndian.AppendUint64(b, uint64(p.At.UnixMicro()))
	return base64.RawURLEncoding.EncodeToString(append(b, p.ID[:]...))
}

// EventPlaceOf reads the id of an event; the empty one is before all.
func EventPlaceOf(id string) (p store.EventPlace, ok bool) {
	if id == "" {
		return p, true
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(id)
	if err != nil || len(b) != 10+len(job.ID{}) || b[0] != 'e' || int(b[1]) >= len(eventTypes) {
		return p, false
	}
	return store.EventPlace{
		Kind: store.EventKind(b[1]), At: time.UnixMicro(int64(binary.BigEndian.Uint64(b[2:10]))).UTC(), ID: job.ID(b[10:]),
	}, true
}
