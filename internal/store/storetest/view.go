package storetest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// shown reads the rows of the view hammerwork_jobs, by job id.
func (r *rig) shown() map[job.ID]map[string]any {
	r.Helper()
	rows := make(map[job.ID]map[string]any)
	for _, row := range r.query("SELECT id, queue_name, status, depends_on, dependency_status, priority, scheduled_at FROM hammerwork_jobs") {
		rows[identifier(row["id"])] = row
	}
	return rows
}

func testView(t *testing.T, open Opener) {
	check(t, open, "the view shows every job as the reader does, at every stage", func(r *rig) {
		a, b := task("a"), taskOn("Other", "b").WithPriority(job.Critical)
		c, d := task("c", a, b).WithPriority(job.Background), task("d").WithDelay(time.Hour)
		f := task("f").WithRetry(retries(2, time.Hour))
		id := r.enqueueTolerant(a, b, c, d, f)
		same := func(stage string) {
			r.Helper()
			shown := r.shown()
			r.equal("jobs shown "+stage, len(shown), 5)
			for _, rec := range r.jobs(id) {
				row := shown[rec.ID]
				r.equal("status of "+rec.Name+" "+stage, text(row["status"]), string(rec.Status))
				r.equal("dependency status of "+rec.Name+" "+stage, text(row["dependency_status"]), string(rec.DependencyStatus))
				r.equal("queue of "+rec.Name, text(row["queue_name"]), rec.Queue)
				r.equal("priority of "+rec.Name, number(row["priority"]), int(rec.Priority))
			}
		}
		same("at first")
		got := r.claimNamed("a", "b", "f")
		same("when claimed")
		r.commit(failed(got["f"]))
		same("when one is retried")
		r.complete(got["a"])
		same("when one has completed")
		r.commit(failedForGood(got["b"]))
		same("when one has failed")
		r.cancel(id)
		same("when all have ended")
	})

	check(t, open, "a job without a workflow has none in the view", func(r *rig) {
		r.enqueueJobs(task("a"))
		for _, row := range r.query("SELECT workflow_id, workflow_name FROM hammerwork_jobs") {
			r.equal("its workflow's id", row["workflow_id"], nil)
			r.equal("its workflow's name", row["workflow_name"], nil)
		}
	})

	check(t, open, "a held job is running in the view, and no longer when it is given back", func(r *rig) {
		j := task("a")
		r.enqueueJobs(j)
		status := func() string { return text(r.shown()[j.ID]["status"]) }
		r.equal("at first", status(), "pending")
		c := r.claimOne()
		r.equal("when held", status(), "running")
		r.commit(ended(c, job.KindGivenBack))
		r.equal("when given back", status(), "pending")
		r.claimOne()
		r.equal("when held again", status(), "running")
		r.Advance(acceptTTL + slack)
		r.equal("when expired", status(), "running")
		r.expire()
		r.equal("when reaped", status(), "pending")
	})

	check(t, open, "a lease that holds some ended jobs makes only the others running", func(r *rig) {
		r.enqueueJobs(withRetry(retries(3, time.Hour), tasks(4, "j")...)...)
		c := r.claimAll()
		r.complete(c[0])
		r.commit(failed(c[1]), failedForGood(c[2]))
		var got []string
		for i := range c {
			got = append(got, text(r.shown()[c[i].Fence.Job]["status"]))
		}
		r.equal("statuses", got, []string{"completed", "retrying", "failed", "running"})
	})

	check(t, open, "depends_on is a JSON array of the parents' ids", func(r *rig) {
		jobs := diamond()
		r.start(jobs...)
		want := map[job.ID][]string{
			jobs[0].ID: {}, jobs[1].ID: {jobs[0].ID.String()}, jobs[2].ID: {jobs[0].ID.String()},
			jobs[3].ID: {jobs[1].ID.String(), jobs[2].ID.String()},
		}
		same := func() {
			r.Helper()
			for id, row := range r.shown() {
				var got []string
				r.ok(json.Unmarshal([]byte(text(row["depends_on"])), &got), "decode depends_on")
				r.equal("depends_on", got, want[id])
			}
		}
		same()
		r.runToEnd()
		same()
	})

	check(t, open, "ids are shown as people write them", func(r *rig) {
		j := task("a")
		r.enqueueJobs(j)
		got := r.query("SELECT status FROM hammerwork_jobs WHERE id = ?", j.ID.String())
		r.equal("rows", len(got), 1)
	})

	check(t, open, "a query for waiting jobs finds those that wait for their parents", func(r *rig) {
		jobs := chain(3)
		r.start(jobs...)
		const waiting = `SELECT id, queue_name, depends_on, dependency_status
			FROM hammerwork_jobs
			WHERE dependency_status = 'waiting'`
		r.equal("waiting at first", len(r.query(waiting)), 2)
		r.complete(r.claimOne())
		rows := r.query(waiting)
		r.equal("waiting after the first job", len(rows), 1)
		r.equal("job", identifier(rows[0]["id"]), jobs[2].ID)
		r.equal("queue", text(rows[0]["queue_name"]), queue)
		r.runToEnd()
		r.equal("waiting in the end", len(r.query(waiting)), 0)
	})

	check(t, open, "a query for claimable jobs finds them in the order of the claim", func(r *rig) {
		parent := task("parent")
		jobs := []*job.Job{
			task("low").WithPriority(job.Low),
			task("early"),
			parent,
			task("child", parent).WithPriority(job.Critical),
			task("critical").WithPriority(job.Critical),
			task("later").WithScheduledAt(time.Now().Add(100 * time.Hour)).WithPriority(job.Critical),
			taskOn("elsewhere", "other"),
		}
		r.enqueueJobs(jobs[0])
		r.enqueueJobs(jobs[1])
		r.start(jobs[2:]...)
		name := make(map[job.ID]string)
		for _, j := range jobs {
			name[j.ID] = j.Name
		}
		claimable := func() []string {
			r.Helper()
			var list []string
			for _, row := range r.query(`SELECT * FROM hammerwork_jobs
				WHERE queue_name = ?
				  AND status = 'pending'
				  AND scheduled_at <= NOW()
				  AND (dependency_status = 'none' OR dependency_status = 'satisfied')
				ORDER BY priority DESC, scheduled_at ASC`, queue) {
				list = append(list, name[identifier(row["id"])])
			}
			return list
		}
		want := []string{"critical", "early", "parent", "low"}
		r.equal("claimable", claimable(), want)
		claimed := r.claim(everything, queue)
		r.equal("claimed", names(claimed), want)
		r.equal("claimable after the claim", len(claimable()), 0)
		r.complete(claimed...)
		r.equal("claimable after the parent's end", claimable(), []string{"child"})
	})
}
