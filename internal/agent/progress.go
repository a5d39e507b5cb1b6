package agent

import (
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
)

// Progressed is the event that a running job has told how far it has come.
// Latest is called once, when a heartbeat takes it along; until then a handler
// may go on without another event.
type Progressed struct {
	Key    Key
	Latest func() (percent float64, message string)
}

// progressed keeps what a job told for the next heartbeat, which comes within
// newsPause.
func (m *Machine) progressed(now time.Time, e Progressed) {
	l := m.leases[e.Key.Lease]
	if l == nil || l.jobs[e.Key.Job] == nil || !l.jobs[e.Key.Job].running {
		return
	}
	l.jobs[e.Key.Job].news = func() bus.Progress {
		percent, message := e.Latest()
		return bus.Progress{LeaseJob: bus.LeaseJob{Lease: e.Key.Lease, Job: e.Key.Job}, Percent: percent, Message: message}
	}
	if m.newsDue.IsZero() {
		m.newsDue = now.Add(newsPause)
	}
}

// takeNews returns the progress of leases for a heartbeat. What does not fit,
// or belongs to other leases, waits for another.
func (m *Machine) takeNews(now time.Time, leases []*lease) []bus.Progress {
	if m.newsDue.IsZero() {
		return nil
	}
	var list []bus.Progress
	size := 0
	for _, l := range leases {
		for _, a := range l.inOrder() {
			if a.news == nil || size > newsBytes {
				continue
			}
			p := a.news()
			a.news = nil
			size += 150 + len(p.Message)
			list = append(list, p)
		}
	}
	m.newsDue = time.Time{}
	for _, l := range m.leases {
		if l.hasNews() {
			m.newsDue = now.Add(newsPause)
		}
	}
	return list
}

// returnNews keeps what a heartbeat without an answer told, unless the job has
// told more since.
func (m *Machine) returnNews(now time.Time, list []bus.Progress) {
	for _, p := range list {
		l := m.leases[p.Lease]
		if l == nil || l.jobs[p.Job] == nil {
			continue
		}
		if a := l.jobs[p.Job]; a.running && a.news == nil {
			a.news = func() bus.Progress { return p }
			if m.newsDue.IsZero() {
				m.newsDue = now.Add(newsPause)
			}
		}
	}
}

// hasNews tells whether a job of the lease told what no heartbeat has carried.
func (l *lease) hasNews() bool {
	for _, a := range l.jobs {
		if a.news != nil {
			return true
		}
	}
	return false
}
