package workflow

import (
	"fmt"
	"strings"
)

// Code classifies a fault for programs; the HTTP API and -o json carry it.
type Code string

// The codes of validation faults. A report with several kinds of fault has the
// code of its first.
const (
	CodeInvalid       Code = "invalid_workflow"
	CodeCycle         Code = "cycle"
	CodeUnknownParent Code = "unknown_parent"
	CodeDuplicateName Code = "duplicate_name"
	CodeTooLarge      Code = "too_large"
)

// Fault is one thing wrong with a workflow.
type Fault struct {
	Code    Code   `json:"code"`
	Path    string `json:"path"`           // where, like jobs[2].depends_on[0]
	Line    int    `json:"line,omitempty"` // in a file, from 1; 0: not from a file
	Column  int    `json:"column,omitempty"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// Error is every fault of a workflow in one report. File is empty for
// workflows built in Go.
type Error struct {
	File   string
	Faults []Fault
	cycles []error
}

// Error writes a line a fault: place, message.
func (e *Error) Error() string {
	lines := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		lines[i] = f.place(e.File) + f.Message
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives errors.As access to each CycleError.
func (e *Error) Unwrap() []error { return e.cycles }

// Code returns the code of the first fault.
func (e *Error) Code() Code {
	if len(e.Faults) == 0 {
		return CodeInvalid
	}
	return e.Faults[0].Code
}

// Hint returns the first hint there is.
func (e *Error) Hint() string {
	for _, f := range e.Faults {
		if f.Hint != "" {
			return f.Hint
		}
	}
	return ""
}

func (f Fault) place(file string) string {
	switch {
	case file != "" && f.Line > 0 && f.Column > 0:
		return fmt.Sprintf("%s:%d:%d: ", file, f.Line, f.Column)
	case file != "" && f.Line > 0:
		return fmt.Sprintf("%s:%d: ", file, f.Line)
	case file != "":
		return file + ": "
	case f.Path != "":
		return f.Path + ": "
	}
	return ""
}

// CycleError names the jobs of a cycle in order; the first is repeated at the
// end.
type CycleError struct{ Path []string }

// Error writes the cycle as a → b → a. Long cycles are cut in the middle.
func (e CycleError) Error() string {
	path := e.Path
	if len(path) > 20 {
		path = append(append(append([]string{}, path[:10]...), fmt.Sprintf("… %d more …", len(path)-19)), path[len(path)-9:]...)
	}
	return "the jobs wait for each other: " + strings.Join(path, " → ")
}
