package wire

// Code says for programs what went wrong.
type Code string

// The codes of the contract.
const (
	CodeInvalidWorkflow Code = "invalid_workflow"
	CodeCycle           Code = "cycle"
	CodeUnknownParent   Code = "unknown_parent"
	CodeDuplicateName   Code = "duplicate_name"
	CodeTooLarge        Code = "too_large"
	CodeNotFound        Code = "not_found"
	CodeConflict        Code = "conflict"
	CodeWrongState      Code = "wrong_state"
	CodePaused          Code = "paused"
	CodeUnauthorized    Code = "unauthorized"
	CodeForbidden       Code = "forbidden"
	CodeRateLimited     Code = "rate_limited"
	CodeUnavailable     Code = "unavailable"
	CodeSchemaTooOld    Code = "schema_too_old"
	CodeInternal        Code = "internal"
	CodeInvalidRequest  Code = "invalid_request" // a parameter or body that is none of the above
)

// Problem is an error as RFC 9457 writes it, application/problem+json.
type Problem struct {
	Type   string        `json:"type"`
	Title  string        `json:"title"`
	Status int           `json:"status"`
	Detail string        `json:"detail"`
	Code   Code          `json:"code"`
	Hint   string        `json:"hint"`
	Errors []ProblemItem `json:"errors,omitempty"`
}

// ProblemItem is one fault of a request.
type ProblemItem struct {
	Path    string `json:"path" doc:"Where in the body: jobs[2].depends_on, or the parameter's name."`
	Line    int    `json:"line" doc:"In the body, from 1; 0: unknown."`
	Message string `json:"message"`
}

// Error is the detail, so that a client can return a Problem.
func (p *Problem) Error() string {
	if p.Detail != "" {
		return p.Detail
	}
	return p.Title
}
