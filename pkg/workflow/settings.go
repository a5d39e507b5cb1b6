package workflow

// policy checks the failure policy, and that what belongs to one policy does
// not stand beside another, where it would say nothing.
func (v *validator) policy() {
	w := v.w
	switch w.FailurePolicy {
	case FailFast, ContinueOnFailure, Manual:
	default:
		v.fault(CodeInvalid, "failure_policy", "", "failure policy %q is not one of fail_fast, continue_on_failure, manual", w.FailurePolicy)
		return
	}
	switch w.Running {
	case "", DrainRunning, CancelRunning:
	default:
		v.fault(CodeInvalid, "running", "", "running %q is not one of drain, cancel", w.Running)
	}
	if w.Running != "" && w.FailurePolicy != FailFast {
		v.fault(CodeInvalid, "running", "leave it out, or use failure_policy: fail_fast", "running says what fail_fast does, and the failure policy is %s", w.FailurePolicy)
	}
	v.decisions()
}

// decisions checks what the failure policy manual does when nobody decides.
func (v *validator) decisions() {
	const leaveOut = "leave it out, or use failure_policy: manual"
	w := v.w
	if w.DecisionTimeout < 0 {
		v.fault(CodeInvalid, "decision_timeout", "", "decision timeout %s is negative", w.DecisionTimeout)
	}
	if w.FailurePolicy != Manual {
		if w.DecisionTimeout != 0 {
			v.fault(CodeInvalid, "decision_timeout", leaveOut, "nobody decides under the failure policy %s", w.FailurePolicy)
		}
		if w.DecisionDefault != "" {
			v.fault(CodeInvalid, "decision_default", leaveOut, "nobody decides under the failure policy %s", w.FailurePolicy)
		}
		return
	}
	const path = "decision_default"
	switch w.DecisionDefault {
	case "":
	case ActionAccept, ActionSkip, ActionCancel:
		if w.DecisionTimeout == 0 {
			v.fault(CodeInvalid, path, "say with decision_timeout after how long it holds", "the default of a decision never comes without a timeout")
		}
	case ActionComplete:
		v.fault(CodeInvalid, path, "use skip: what waits for the job sees a completion without a result", "a decision to complete needs a result, so it can't be a default")
	case ActionRetry:
		v.fault(CodeInvalid, path, "give the jobs more attempts with retry", "a job that goes on failing would be retried for ever, so retry can't be a default")
	default:
		v.fault(CodeInvalid, path, "", "decision_default %q is not one of accept, skip, cancel", w.DecisionDefault)
	}
}
