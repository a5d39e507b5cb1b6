package workflow

// Action is what somebody decides about a failure under Manual.
type Action string

// The actions. All but ActionRetry and ActionCancel stay with the job as its
// decision.
const (
	ActionRetry    Action = "retry"    // it runs again, with a new budget of attempts
	ActionSkip     Action = "skip"     // what waits for it sees a completion without a result
	ActionComplete Action = "complete" // what waits for it sees a completion with the result given
	ActionAccept   Action = "accept"   // what waits for it sees the failure
	ActionCancel   Action = "cancel"   // the workflow is cancelled

	// Undecided is the decision of a failure that waits for one.
	Undecided Action = "open"
)

// Valid reports whether somebody can ask for a.
func (a Action) Valid() bool {
	switch a {
	case ActionRetry, ActionSkip, ActionComplete, ActionAccept, ActionCancel:
		return true
	}
	return false
}
