package history

import (
	"strconv"
	"time"
)

// Memory holds the records of processes that share a goroutine, in the order in
// which they were made.
type Memory struct {
	now     func() time.Time
	records []Record
}

// NewMemory returns an empty one with a clock.
func NewMemory(now func() time.Time) *Memory { return &Memory{now: now} }

// Recorder returns a recorder of a process in its nth life.
func (m *Memory) Recorder(process string, life int) *Recorder {
	r := &Recorder{process: process, instance: strconv.Itoa(life), now: m.now}
	r.keep = func(list []Record) error {
		m.records = append(m.records, list...)
		return nil
	}
	return r
}

// History returns what was recorded so far.
func (m *Memory) History() History { return History{Records: m.records} }
