package storetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// documents are JSON texts that a store must keep byte for byte: a decoder, or
// a database's own JSON type, would change them.
var documents = []string{
	`0`,
	`null`,
	`""`,
	`"\u0000"`,
	`{"a\u0000b": "\u0000\u0000"}`,
	" {\n\t\"a\" :  1 ,\r\n \"b\": [ ] } \n",
	`{"b": 1, "a": 2, "b": 3}`,
	`123456789012345678901234567890`,
	`[1.0, 1.10, 1e400, -0, 0.1000000000000000055511151231257827]`,
	`"grüße 🦆 𝄞 \ud83e\udd86 \u00fc"`,
	`"\ud800"`,
	`"<script>&amp;</script>   \/"`,
	`"it's 'quoted' \"twice\" \\ and %s ? $1 :name"`,
	`"` + strings.Repeat("🦆", 1000) + `"`,
}

// texts are names that a database may take for another, in groups whose
// members must stay apart.
var texts = []string{
	"mail", "Mail", "MAIL", "mail ", " mail", "mail.eu", "maíl", "mail\u0301", "straße", "strasse",
	"caf\u00e9", "cafe\u0301", "cafe", "🦆", "🦆🦆", "𝄞", "%", "_", "\\", "'; DROP TABLE jobs; --", "a,b", `{"a":1}`, "null", "0", "00",
	strings.Repeat("🦆", job.MaxName), strings.Repeat("🦆", job.MaxName-1) + "🐻",
}

func testText(t *testing.T, open Opener) {
	check(t, open, "payloads are kept byte for byte", func(r *rig) {
		want := make(map[job.ID]string)
		var jobs []*job.Job
		for i, d := range documents {
			j := job.New(queue, json.RawMessage(d)).WithName(fmt.Sprintf("j%d", i))
			jobs = append(jobs, j)
			want[j.ID] = d
		}
		r.enqueueJobs(jobs...)
		for _, c := range r.claimAll() {
			r.equal("claimed payload", string(c.Payload), want[c.Fence.Job])
			r.equal("stored payload", string(r.job(c.Fence.Job).Payload), want[c.Fence.Job])
			delete(want, c.Fence.Job)
		}
		r.equal("payloads not claimed", len(want), 0)
	})

	check(t, open, "results are kept byte for byte", func(r *rig) {
		parents := tasks(len(documents), "p")
		r.start(append(parents, task("last", parents...))...)
		want := make(map[job.ID]string)
		var outcomes []job.Outcome
		for i, c := range r.claimAll() {
			want[c.Fence.Job] = documents[i]
			outcomes = append(outcomes, completed(c, documents[i]))
		}
		r.commit(outcomes...)
		for id, result := range want {
			r.equal("stored result", string(r.job(id).Result), result)
		}
		child := r.claimOne()
		r.equal("parents", len(child.Parents), len(documents))
		for _, p := range child.Parents {
			r.equal("inline result", string(p.Result), want[p.Job])
		}
		for _, p := range r.fetchAll(child.Fence) {
			r.equal("fetched result", string(p.Result), want[p.Job])
		}
	})

	check(t, open, "payloads and results of every size up to the limit are kept", func(r *rig) {
		for _, n := range []int{2, 255, 256, 65_535, 65_536, 65_537, job.MaxPayload - 1, job.MaxPayload} {
			j := job.New(queue, json.RawMessage(resultOf(n, "p"))).WithName("a")
			r.enqueueJobs(j)
			c := r.claimOne()
			r.equal("bytes of payload", len(c.Payload), n)
			r.commit(completed(c, resultOf(n, "r")))
			rec := r.job(j.ID)
			r.equal("payload is the same", string(rec.Payload) == resultOf(n, "p"), true)
			r.equal("result is the same", string(rec.Result) == resultOf(n, "r"), true)
		}
	})

	check(t, open, "a job without a payload has null", func(r *rig) {
		r.enqueueJobs(&job.Job{ID: job.NewID(), Queue: queue})
		r.equal("payload", string(r.claimOne().Payload), "null")
	})

	check(t, open, "queues whose names differ in a letter's case, an accent or a blank are different queues", func(r *rig) {
		for i, name := range texts {
			e := r.enqueueJobs(taskOn(name, fmt.Sprintf("j%d", i)))
			r.equal("queues", e.Queues, []string{name})
		}
		for i, name := range texts {
			got := r.claim(everything, name)
			r.equal(fmt.Sprintf("claimed of %.40q", name), names(got), []string{fmt.Sprintf("j%d", i)})
			for _, c := range got {
				r.equal("queue", c.Queue, name)
				r.equal("stored queue", r.job(c.Fence.Job).Queue, name)
			}
		}
	})

	check(t, open, "several such queues are claimed in one call, and named sorted by their bytes", func(r *rig) {
		var jobs []*job.Job
		for i, name := range texts {
			jobs = append(jobs, taskOn(name, fmt.Sprintf("j%d", i)))
		}
		want := slices.Clone(texts)
		slices.Sort(want)
		r.equal("queues", r.enqueueJobs(jobs...).Queues, want)
		half := texts[:len(texts)/2]
		var got []string
		for _, c := range r.claim(everything, half...) {
			got = append(got, c.Queue)
		}
		slices.Sort(got)
		want = slices.Clone(half)
		slices.Sort(want)
		r.equal("queues claimed", got, want)
	})

	check(t, open, "jobs of a workflow may differ in a letter's case only", func(r *rig) {
		a, b := task("load"), task("Load")
		r.start(a, b, task("LOAD", a, b))
		r.commit(endings(r.claimAll(), func(c store.Claimed) job.Outcome { return completed(c, `"`+c.Name+`"`) })...)
		c := r.claimNamed("LOAD")["LOAD"]
		for _, name := range []string{"load", "Load"} {
			page, _, err := r.s.ParentResults(r.ctx, c.Fence, name, job.ID{})
			r.ok(err, "parent results")
			r.equal("results of "+name, len(page), 1)
			r.equal("result of "+name, string(page[0].Result), `"`+name+`"`)
		}
	})

	check(t, open, "a workflow's texts are kept", func(r *rig) {
		for _, s := range texts {
			w := graph(task("a")).WithDescription(s + "\nsecond line\ttab").WithCorrelationID(s)
			w.Name = s
			w.Metadata = json.RawMessage(`{"big": 123456789012345678901, "text": "🦆 \u00fc"}`)
			r.enqueue(w)
			rec := r.workflow(w.ID)
			r.equal("name", rec.Name, s)
			r.equal("description", rec.Description, w.Description)
			r.equal("correlation id", rec.CorrelationID, s)
			r.jsonEqual("metadata", rec.Metadata, string(w.Metadata))
			c := r.claimOne()
			r.equal("workflow name", c.WorkflowName, s)
			r.equal("correlation id of the job", c.CorrelationID, s)
			r.complete(c)
		}
	})

	check(t, open, "error texts are kept, in the job and in its history", func(r *rig) {
		for _, s := range append([]string{
			"", "line one\nline two\r\n\ttab", "exit status 1: \x1b[31mred\x1b[0m", strings.Repeat("x", job.MaxError), strings.Repeat("🦆", job.MaxError/4),
		}, texts...) {
			j := task("a").WithRetry(once())
			r.enqueueJobs(j)
			o := failed(r.claimOne())
			o.Error = s
			r.commit(o)
			rec := r.job(j.ID)
			r.equal("error", rec.Error, s)
			r.equal("attempts in the history", len(rec.History), 1)
			r.equal("error in the history", rec.History[0].Error, s)
		}
	})

	check(t, open, "a worker's name is kept, and another's is not taken for it", func(r *rig) {
		for i, s := range texts {
			j := task("a")
			r.enqueueJobs(j)
			lease := r.claimLease(s, 1)
			r.equal("worker", r.job(j.ID).Worker, s)
			r.equal("lost for another", r.beatAs(lease.ID, texts[(i+1)%len(texts)]).Lost, true)
			r.accept(lease)
			r.complete(lease.Jobs...)
			r.equal("worker after the end", r.job(j.ID).Worker, s)
		}
	})
}
