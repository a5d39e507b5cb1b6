package workflow

import (
	"time"

	"github.com/hammerwork/hammerwork/pkg/cron"
)

// cronChecks is how many instances the crons of jobs are tried with, one
// expression or all together.
const (
	cronChecks    = 400
	allCronChecks = 8000
)

// crons checks the jobs' own crons: each must come true in every instance,
// before the next one begins.
func (v *validator) crons() {
	if !v.w.ownCrons() {
		return
	}
	good := true
	for i, j := range v.w.Jobs {
		switch {
		case j.Cron == "":
		case v.flat:
			v.fault(CodeInvalid, jobPath(i)+".cron", "make it a schedule: hammerwork cron create, or a workflow", "a job without a workflow has no cron")
			good = false
		case v.path != "":
			v.fault(CodeInvalid, jobPath(i)+".cron", "give the outer workflow a schedule", "a job of a workflow within another one has no cron")
			good = false
		case v.cron(jobPath(i)+".cron", j.Cron) == nil:
			good = false
		}
	}
	if len(v.faults) > 0 || !good { // of the schedule, too
		return
	}
	t, err := v.w.Timetable()
	if err != nil {
		v.fault(CodeInvalid, "schedule", `give the workflow a schedule, like schedule: {cron: "0 2 * * *"}, or a job without parents a cron`,
			"jobs have crons, and nothing says when an instance begins")
		return
	}
	checked := make(map[string]int) // expression → job
	distinct := make(map[string]bool)
	for _, j := range v.w.Jobs {
		distinct[j.Cron] = true
	}
	for i, j := range v.w.Jobs {
		if _, done := checked[j.Cron]; t.own[i] == nil || done {
			continue
		}
		checked[j.Cron] = i
		if tick, next, ok := t.within(t.own[i], min(cronChecks, max(20, allCronChecks/len(distinct)))); !ok {
			v.fault(CodeInvalid, jobPath(i)+".cron", "let it come true at least as often as the instances begin, or give it a schedule of its own",
				"cron %s of job %q does not come true between the instances of %s and %s", quote(j.Cron), j.Name,
				tick.Format("Mon 2006-01-02 15:04:05 MST"), next.Format("Mon 2006-01-02 15:04:05 MST"))
		}
	}
}

// within reports whether e comes true in each of n instances, and if not, in
// which it does not.
func (t *Timetable) within(e *cron.Expression, n int) (tick, next time.Time, ok bool) {
	tick = startIn(t.Expression, reference(t.Location()))
	for range n {
		if next = t.Next(tick); next.IsZero() {
			break
		}
		if at := startIn(e, tick); at.IsZero() || !at.Before(next) {
			return tick, next, false
		}
		tick = next
	}
	return tick, next, true
}
