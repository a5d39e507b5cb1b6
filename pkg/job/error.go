package job

import "errors"

// Facts a caller acts on.
var (
	// ErrNotFound says that no job or workflow has this id.
	ErrNotFound = errors.New("not found")
	// ErrLeaseLost says that the caller no longer holds the job: its lease
	// expired, was revoked, or the job has ended.
	ErrLeaseLost = errors.New("lease lost")
	// ErrWrongState says that the job or workflow is in a state that does not
	// allow the call, for example cancelling what has ended.
	ErrWrongState = errors.New("wrong state")
)
