package handler

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// head is a writer that keeps the first max bytes and drops the rest. It calls
// full once, when it drops the first byte.
type head struct {
	max  int
	full func()
	kept bytes.Buffer
	over bool
}

func (h *head) Write(p []byte) (int, error) {
	room := h.max - h.kept.Len()
	h.kept.Write(p[:min(len(p), room)])
	if len(p) > room && !h.over {
		h.over = true
		h.full()
	}
	return len(p), nil
}

// tail is a writer that keeps the last max bytes.
type tail struct {
	max  int
	kept []byte
	over bool
}

func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p...)
	if extra := len(t.kept) - t.max; extra > 0 {
		t.kept = t.kept[:copy(t.kept, t.kept[extra:])]
		t.over = true
	}
	return len(p), nil
}

// String returns what was kept as valid UTF-8 without surrounding space; it
// starts with an ellipsis when something was dropped.
func (t *tail) String() string {
	b := t.kept
	if !t.over {
		return text(b)
	}
	for range utf8.UTFMax - 1 { // the rest of a character that was cut
		if len(b) > 0 && !utf8.RuneStart(b[0]) {
			b = b[1:]
		}
	}
	return "…" + text(b)
}

// text returns b as valid UTF-8 without U+0000 and surrounding space.
func text(b []byte) string {
	s := strings.ToValidUTF8(string(b), "\uFFFD")
	return strings.TrimSpace(strings.ReplaceAll(s, "\x00", "\uFFFD"))
}
