package dispatcher_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// claimable makes a job whose payload is char so many bytes long. Escaped, a
// quote takes two.
func (r *rig) claimable(payload int, char string) store.Claimed {
	return store.Claimed{
		Fence: job.Fence{Job: r.id(), Epoch: 7}, Name: "j", Queue: "q", Attempt: 2, MaxAttempts: 3,
		Payload: json.RawMessage(strings.Repeat(char, payload/len(char))),
	}
}

// result makes a parent's result in the same way.
func (r *rig) result(bytes int, char string) store.ParentResult {
	return store.ParentResult{Job: r.id(), Name: "p", Status: job.Completed, Result: json.RawMessage(strings.Repeat(char, bytes/len(char)))}
}

// delivered claims a lease of jobs for worker w and returns the message that
// brought it, its size, and the events of it.
func (r *rig) delivered(jobs ...store.Claimed) (bus.Deliver, int, []bus.JobEvent) {
	r.t.Helper()
	r.claim = func(grants []store.Grant, _ bool) ([]store.Lease, error) {
		return []store.Lease{{ID: grants[0].Lease, Grant: grants[0].Lease, Worker: "w", TTL: 5e9, Jobs: jobs}}, nil
	}
	r.pull("p1", "w", 1000)
	r.finish("claim")
	sent := r.take()
	messages := decoded[bus.Deliver](r.t, sent, bus.DeliverSubject("w"))
	events := decoded[bus.Event](r.t, sent, bus.EventSubject("job"))
	if len(messages) != 1 || len(events) != 1 {
		r.t.Fatalf("%d messages and %d events of one lease", len(messages), len(events))
	}
	size := 0
	for _, p := range sent {
		size = max(size, len(p.Data))
	}
	return messages[0], size, events[0].Jobs
}

func TestAJobIsDeliveredWithAllThatItsHandlerNeeds(t *testing.T) {
	r := newRig(t)
	c := r.claimable(0, "1")
	c.Name, c.Payload = "load", json.RawMessage(`{"a": 1.50}`)
	c.Workflow, c.WorkflowName, c.CorrelationID = number(90), "etl", "c-1"
	c.Parents = []store.ParentResult{{Job: number(91), Name: "extract", Status: job.Completed, Result: json.RawMessage(`[1,  2]`)}}
	m, _, events := r.delivered(c)
	equal(t, "pull", m.Pull, "p1")
	equal(t, "lease", m.Lease, number(2)) // 1 is the job
	j := m.Jobs[0]
	equal(t, "job", j.Job, c.Fence.Job)
	equal(t, "epoch", j.Epoch, 7)
	equal(t, "name", j.Name, "load")
	equal(t, "workflow", j.WorkflowName, "etl")
	equal(t, "attempt", j.Attempt, 2)
	equal(t, "correlation id", j.CorrelationID, "c-1")
	equal(t, "payload, byte for byte", string(j.Payload), `{"a": 1.50}`)
	equal(t, "parent's result, byte for byte", string(j.Parents[0].Result), `[1,  2]`)
	equal(t, "event", events[0].Status, job.Running)
	equal(t, "worker in the event", events[0].Worker, "w")
	equal(t, "jobs counted", testutil.ToFloat64(r.metrics.Delivered), 1)
}

func TestALeaseWhoseParentsDoNotFitHasThemFetched(t *testing.T) {
	r := newRig(t)
	c := r.claimable(job.MaxPayload, `"`)
	c.Parents = []store.ParentResult{r.result(job.MaxResult, `"`)}
	m, size, _ := r.delivered(c)
	j := m.Jobs[0]
	if !j.Fetch || j.Parents != nil {
		t.Errorf("fetch is %v, with %d parents inline", j.Fetch, len(j.Parents))
	}
	equal(t, "bytes of the payload", len(j.Payload), job.MaxPayload)
	if size > maxPayload {
		t.Errorf("a message of %d bytes", size)
	}
}

func TestALeaseThatNoMessageCarriesIsCounted(t *testing.T) {
	r := newRig(t)
	_, size, _ := r.delivered(r.claimable(600<<10, `"`))
	if size <= maxPayload {
		t.Fatalf("the message has only %d bytes", size)
	}
	equal(t, "counted", testutil.ToFloat64(r.metrics.TooLarge), 1)
	r.step(service.Stop{})
	if !r.m.Idle() {
		t.Error("not idle")
	}
}

// Whatever is in it, within the limits of payloads and results: a lease of one
// job fits into a message of NATS's size, with its parents or without.
func TestALeaseOfOneJobAlwaysFits(t *testing.T) {
	for _, char := range []string{"1", `"`, `\`, "\n", "\u2028", "ä"} {
		for parents := range 2 {
			r := newRig(t)
			c := r.claimable(job.MaxPayload, char)
			c.Name, c.Queue, c.WorkflowName = strings.Repeat(char, job.MaxName), strings.Repeat(char, job.MaxName), strings.Repeat(char, job.MaxName)
			for range parents {
				c.Parents = append(c.Parents, r.result(job.MaxResult, char))
			}
			m, bytes, _ := r.delivered(c)
			what := fmt.Sprintf("a payload of %q with %d parents", char, parents)
			if bytes > maxPayload {
				t.Errorf("%s: a message of %d bytes", what, bytes)
			}
			j := m.Jobs[0]
			if string(j.Payload) != string(c.Payload) {
				t.Errorf("%s: the payload changed", what)
			}
			if j.Fetch && j.Parents != nil || !j.Fetch && len(j.Parents) != len(c.Parents) {
				t.Errorf("%s: fetch is %v with %d of %d parents", what, j.Fetch, len(j.Parents), len(c.Parents))
			}
		}
	}
}
