package cron

import "fmt"

// SyntaxError says what is wrong with an expression that cannot be read. Hint
// says what to write instead.
type SyntaxError struct{ Reason, Hint string }

func (e *SyntaxError) Error() string { return e.Reason }

// usage is the hint where none is nearer.
const usage = `write five fields like "0 2 * * *": minute, hour, day of month, month, day of week; six with seconds first; or @hourly, @daily, @weekly, @monthly, @yearly, @every 90m`

func fault(hint, format string, args ...any) error {
	return &SyntaxError{Reason: fmt.Sprintf(format, args...), Hint: hint}
}

// quote shows a text from an expression.
func quote(text string) string { return fmt.Sprintf("%q", limited(text)) }

// limited shortens a text to what people read.
func limited(text string) string {
	if r := []rune(text); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return text
}
