package history

import (
	"strconv"
	"time"
)

// Memory holds the records of processes that share a goroutine, in the order in
// which they were made.
type Memory struct {
	now       func() time.Time
	recorders int
	records   []Record
}

// NewMemory returns an empty one with a clock.
func NewMemory(now func() time.Time) *Memory { return &Memory{now: now} }

// Recorder returns a recorder of a new instance of a process, with a PID of its
// own.
func (m *Memory) Recorder(process string) *Recorder {
	m.recorders++
	r := &Recorder{process: process, instance: strconv.Itoa(m.recorders), pid: m.recorders, now: m.now}
	r.keep = func(list []Record) error {
		m.records = append(m.records, list...)
		return nil
	}
	r.Record(Record{Kind: Began, PID: r.pid})
	return r
}

// History returns what was recorded so far.
func (m *Memory) History() History { return History{Records: m.records} }
