package workflow

import (
	"fmt"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// unsupported refuses what the model has words for but the engine does not run
// yet, so that nothing is silently ignored.
func (v *validator) unsupported() {
	const hint = "this release runs join: all on edges of on: success, with fail_fast or continue_on_failure"
	if v.w.FailurePolicy == Manual {
		v.fault(CodeInvalid, "failure_policy", hint, "failure policy manual is not available yet")
	}
	for i, j := range v.w.Jobs {
		if j.Join.Rule != "" && j.Join.Rule != job.JoinAll {
			v.fault(CodeInvalid, jobPath(i)+".join", hint, "join %s is not available yet", j.Join.Rule)
		}
		for k, d := range j.DependsOn {
			at := fmt.Sprintf("%s.depends_on[%d]", jobPath(i), k)
			if d.On == job.OnFailure || d.On == job.OnDone {
				v.fault(CodeInvalid, at, hint, "dependencies with on: %s are not available yet", d.On)
			}
			if d.Optional {
				v.fault(CodeInvalid, at, hint, "optional dependencies are not available yet")
			}
		}
	}
}
