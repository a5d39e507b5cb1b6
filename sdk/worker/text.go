package worker

import (
	"strings"
	"unicode/utf8"
)

// tail makes s valid UTF-8 without U+0000 and keeps its last max bytes, where
// the cause usually stands.
func tail(s string, max int) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	if len(s) <= max {
		return s
	}
	s = s[len(s)-max+len("…"):]
	for len(s) > 0 && !utf8.RuneStart(s[0]) {
		s = s[1:]
	}
	return "…" + s
}
