package condition

import (
	"fmt"
	"strings"
)

// Fault is one thing wrong with an expression. Line and Column count from 1,
// in characters; 0 where the fault has no place.
type Fault struct {
	Line    int
	Column  int
	Message string
	Hint    string // what to do about it, or ""
}

// Error is everything wrong with an expression, in the order of its text. From
// Bool and Value it has one fault. It is the author's to mend.
type Error struct{ Faults []Fault }

// Error writes a line a fault: line:column: message.
func (e *Error) Error() string {
	lines := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		lines[i] = f.Message
		if f.Line > 0 {
			lines[i] = fmt.Sprintf("%d:%d: %s", f.Line, f.Column, f.Message)
		}
	}
	return strings.Join(lines, "\n")
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

func failure(hint, format string, args ...any) *Error {
	return &Error{Faults: []Fault{{Message: fmt.Sprintf(format, args...), Hint: hint}}}
}

// quote shows a text from outside, shortened and with control characters
// escaped.
func quote(s string) string {
	return fmt.Sprintf("%q", shorten(s, 60))
}

// shorten cuts a text after so many characters.
func shorten(s string, length int) string {
	n := 0
	for i := range s {
		if n == length {
			return s[:i] + "…"
		}
		n++
	}
	return s
}

// didYouMean is a hint, or the other one if there is no guess.
func didYouMean(guess, otherwise string) string {
	if guess == "" {
		return otherwise
	}
	return fmt.Sprintf("did you mean %q?", guess)
}
