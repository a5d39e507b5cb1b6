package job

// Unmet says what becomes of a job whose condition says no.
type Unmet string

// The values of Unmet. UnmetSkip is the default.
const (
	UnmetSkip Unmet = "skip" // skipped
	UnmetPass Unmet = "pass" // skipped, but what waits for it sees a completion
	UnmetFail Unmet = "fail" // failed
)
