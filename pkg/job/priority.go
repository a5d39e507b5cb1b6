package job

import (
	"fmt"
	"strings"
)

// Priority orders claimable jobs: the highest is claimed first. Dependencies
// come before priority.
type Priority int

// The five priorities. Normal is the default.
const (
	Background Priority = iota
	Low
	Normal
	High
	Critical
)

var priorityNames = [...]string{"background", "low", "normal", "high", "critical"}

// String returns the name of p, or "priority(n)" when p is out of range.
func (p Priority) String() string {
	if !p.Valid() {
		return fmt.Sprintf("priority(%d)", int(p))
	}
	return priorityNames[p]
}

// Valid reports whether p is one of the five priorities.
func (p Priority) Valid() bool { return p >= Background && p <= Critical }

// ParsePriority reads a priority's name.
func ParsePriority(s string) (Priority, error) {
	for i, name := range priorityNames {
		if s == name {
			return Priority(i), nil
		}
	}
	return Normal, fmt.Errorf("unknown priority %q; it is one of %s", s, strings.Join(priorityNames[:], ", "))
}

// MarshalText writes the name.
func (p Priority) MarshalText() ([]byte, error) {
	if !p.Valid() {
		return nil, fmt.Errorf("priority %d is out of range", int(p))
	}
	return []byte(priorityNames[p]), nil
}

// UnmarshalText reads the name.
func (p *Priority) UnmarshalText(text []byte) error {
	v, err := ParsePriority(string(text))
	if err == nil {
		*p = v
	}
	return err
}
