package workflow

import (
	"fmt"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// roles checks the jobs that stand at the end of a workflow (finally) and
// those that absolve failures (catch).
func (v *validator) roles() {
	work := len(v.w.Jobs) == 0
	for i, j := range v.w.Jobs {
		path := jobPath(i)
		if v.flat {
			v.loose(path, j)
			continue
		}
		work = work || !j.Finally
		for k, d := range j.DependsOn {
			if p, inside := v.byID[d.Parent]; inside && p != i && v.w.Jobs[p].Finally {
				v.fault(CodeInvalid, fmt.Sprintf("%s.depends_on[%d]", path, k), "nothing can wait for a job that runs after all others", "job %q depends on %q, which is finally", j.Name, v.w.Jobs[p].Name)
			}
		}
		switch {
		case j.Finally && j.Catch:
			v.fault(CodeInvalid, path+".catch", "make two jobs of it", "job %q is finally and catch: it runs when it is too late to catch anything", j.Name)
		case j.Finally && len(j.DependsOn) > 0:
			v.fault(CodeInvalid, path+".depends_on", "leave them out; it runs when all other jobs have ended", "job %q is finally and has dependencies", j.Name)
		case j.Catch && !v.catches(j):
			v.fault(CodeInvalid, path+".catch", "let it depend on a job of the workflow like this: {job: NAME, on: failure}", "job %q is to catch failures, and none lets it run", j.Name)
		}
	}
	if !work && !v.flat {
		v.fault(CodeInvalid, "jobs", "add a job that is not finally", "the workflow has only finally jobs")
	}
}

// catches reports whether a failure within the workflow may let j run. A
// parent that is not known, which is reported elsewhere, may.
func (v *validator) catches(j *job.Job) bool {
	for _, d := range j.DependsOn {
		_, inside := v.byID[d.Parent]
		if d.On != job.OnSuccess && (inside || d.Parent == (job.ID{})) {
			return true
		}
	}
	return false
}

// loose refuses what only the jobs of a workflow can be.
func (v *validator) loose(path string, j *job.Job) {
	const hint = "put the jobs into a workflow"
	if j.Finally {
		v.fault(CodeInvalid, path+".finally", hint, "a job without a workflow can't be finally: it has no others to wait for")
	}
	if j.Catch {
		v.fault(CodeInvalid, path+".catch", hint, "a job without a workflow can't catch: there is no workflow to be absolved")
	}
	if p := PartsOf(j); p != nil && p.Kind == PartsWorkflow {
		v.fault(CodeInvalid, path+".workflow", "enqueue the workflow itself", "a job without a workflow can't be a workflow")
	}
}
