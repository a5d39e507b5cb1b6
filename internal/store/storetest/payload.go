package storetest

import (
	"encoding/json"
	"testing"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// testNewPayload holds what replaces a payload to what a payload may be.
func testNewPayload(t *testing.T, open Opener) {
	calls := map[string]func(r *rig, id, j job.ID, payload json.RawMessage) error{
		"retry of a workflow": func(r *rig, id, j job.ID, payload json.RawMessage) error {
			_, _, err := r.s.RetryWorkflow(r.ctx, store.Retry{Workflow: id, Mode: workflow.RetryFailed, Payloads: map[job.ID]json.RawMessage{j: payload}}, false, nobody)
			return err
		},
		"plan of a retry": func(r *rig, id, j job.ID, payload json.RawMessage) error {
			_, _, err := r.s.RetryWorkflow(r.ctx, store.Retry{Workflow: id, Mode: workflow.RetryFailed, Payloads: map[job.ID]json.RawMessage{j: payload}}, true, nobody)
			return err
		},
		"decision": func(r *rig, id, j job.ID, payload json.RawMessage) error {
			_, err := r.s.Decide(r.ctx, store.Decision{Workflow: id, Job: j, Action: workflow.ActionRetry, Payload: payload}, nobody)
			return err
		},
		"retry of a job": func(r *rig, _, j job.ID, payload json.RawMessage) error {
			_, err := r.s.RetryJob(r.ctx, j, payload, nobody)
			return err
		},
	}
	for name, call := range calls {
		check(t, open, "a "+name+" with a payload that inputs cannot be added to is refused", func(r *rig) {
			j := task("j").WithInput("n", "1 + 1").WithRetry(once())
			w := graph(j)
			switch name {
			case "decision":
				w.FailurePolicy = workflow.Manual
				fallthrough
			default:
				r.enqueue(w)
			case "retry of a job":
				r.enqueueJobs(j)
			}
			r.checkEdges()
			r.commit(failed(r.claimOne()))
			for _, payload := range []string{`"text"`, `[1]`, `7`} {
				r.isErr(payload, call(r, w.ID, j.ID, json.RawMessage(payload)), store.ErrNoObject)
			}
			r.wantJob(j.ID, "dead exhausted")
			r.ok(call(r, w.ID, j.ID, json.RawMessage(`{"day": "monday"}`)), "an object")
			if name == "plan of a retry" {
				return
			}
			r.checkEdges()
			r.jsonEqual("payload", r.claimOne().Payload, `{"day": "monday", "n": 2}`)
		})
	}

	check(t, open, "a retry with a payload that nobody reads is refused, and one for a map that is no object", func(r *rig) {
		gate, many, each := job.NewSignal("gate"), batch("many", 1, workflow.CollectErrors), mapped("each", "[1]")
		id := r.enqueueTolerant(gate, many, each)
		r.cancel(id)
		r.checkParts()
		retry := func(j *job.Job, payload string) error {
			_, _, err := r.s.RetryWorkflow(r.ctx, store.Retry{Workflow: id, Mode: workflow.RetryAll, Payloads: map[job.ID]json.RawMessage{j.ID: json.RawMessage(payload)}}, true, nobody)
			return err
		}
		r.isErr("payload of a gate", retry(gate, `{"n": 1}`), store.ErrUnread)
		r.isErr("payload of a batch", retry(many, `{"n": 1}`), store.ErrUnread)
		r.isErr("payload of a map", retry(each, `5`), store.ErrNoObject)
		r.ok(retry(each, `{"n": 1}`), "an object for a map")
	})

	check(t, open, "payloads with inputs, those of items and texts of expressions keep what HTML wants escaped", func(r *rig) {
		j, m := task("j").WithInput("more", `"<more>"`), mapped("m", "payload.list").WithInput("more", `"a & b"`)
		j.Payload, m.Payload = json.RawMessage(`{"html": "<b>\u003c</b> &"}`), json.RawMessage(`{"list": ["<&>"]}`)
		r.start(j, m)
		r.checkParts()
		got := r.claimNamed("j", "m[0]")
		r.equal("payload", string(got["j"].Payload), `{"html":"<b>\u003c</b> &","more":"<more>"}`)
		r.equal("payload of the item", string(got["m[0]"].Payload), `{"index":0,"item":"<&>","list":["<&>"],"more":"a & b"}`)
	})
}
