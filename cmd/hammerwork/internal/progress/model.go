package progress

import (
	"cmp"
	"container/list"
	"sync"
	"time"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

const (
	shownRunning  = 10 // the longest running jobs
	shownFailures = 4  // the latest failures
)

// model is how far a run is. Every change is O(1).
type model struct {
	mu       sync.Mutex
	name     string
	left     string
	total    int
	clock    func() time.Time
	start    time.Time
	status   map[job.ID]job.Status // what the last event of each job said
	counts   map[job.Status]int    // of status
	running  *list.List            // of attempt, oldest first
	attempts map[job.ID]*list.Element
	failures []failure // the latest, oldest first
	waits    []Wait
	notice   string
}

// attempt is a job that runs.
type attempt struct {
	name   string
	number int // from 1
	start  time.Time
}

// failure is a job that failed by itself.
type failure struct {
	name   string
	status job.Status
	text   string // one line, may be empty
}

func newModel(run Run) *model {
	m := &model{
		name:     run.Name,
		left:     cmp.Or(run.Left, "stopped"),
		total:    run.Total,
		clock:    run.Clock,
		status:   make(map[job.ID]job.Status, run.Total),
		counts:   make(map[job.Status]int),
		running:  list.New(),
		attempts: make(map[job.ID]*list.Element),
	}
	if m.clock == nil {
		m.clock = time.Now
	}
	if m.start = run.Start; m.start.IsZero() {
		m.start = m.clock()
	}
	for _, e := range run.Before {
		m.job(m.start, e)
	}
	return m
}

// change is what an event meant.
type change struct {
	news  bool          // it said something new
	ran   time.Duration // how long the attempt that it ended ran
	known bool          // whether ran is known
}

// job takes an event of a time. One that says nothing new changes nothing.
func (m *model) job(now time.Time, e bus.JobEvent) (c change) {
	m.mu.Lock()
	defer m.mu.Unlock()
	before, seen := m.status[e.Job]
	if seen && before == e.Status && before != job.Retrying {
		return c
	}
	c.news = true
	if seen {
		m.counts[before]--
	}
	m.status[e.Job] = e.Status
	m.counts[e.Status]++
	if element, runs := m.attempts[e.Job]; runs {
		c.ran, c.known = now.Sub(element.Value.(attempt).start), true
		m.running.Remove(element)
		delete(m.attempts, e.Job)
	}
	switch e.Status {
	case job.Running:
		m.attempts[e.Job] = m.running.PushBack(attempt{e.Name, e.Attempt, now})
	case job.Failed, job.Dead, job.TimedOut:
		m.failures = append(m.failures, failure{e.Name, e.Status, shortError(e.Error)})
		m.failures = m.failures[max(0, len(m.failures)-shownFailures):]
	}
	return c
}

func (m *model) setNotice(text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.notice = text
}

func (m *model) setWaits(list []Wait) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.waits = list
}

// snapshot is all that a frame shows.
type snapshot struct {
	name     string
	left     string
	end      workflow.Status // empty: it still runs
	total    int
	counts   map[job.Status]int
	elapsed  time.Duration
	running  []shownAttempt // at most shownRunning
	failures []failure
	waits    []Wait
	notice   string
}

type shownAttempt struct {
	name   string
	number int
	ran    time.Duration
}

func (m *model) snapshot(end workflow.Status) snapshot {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.clock()
	s := snapshot{
		name:     m.name,
		left:     m.left,
		end:      end,
		total:    m.total,
		counts:   make(map[job.Status]int, len(m.counts)),
		elapsed:  now.Sub(m.start),
		failures: append([]failure(nil), m.failures...),
		waits:    m.waits,
		notice:   m.notice,
	}
	for status, n := range m.counts {
		s.counts[status] = n
	}
	for e := m.running.Front(); e != nil && len(s.running) < shownRunning; e = e.Next() {
		a := e.Value.(attempt)
		s.running = append(s.running, shownAttempt{a.name, a.number, now.Sub(a.start)})
	}
	return s
}

// ended returns how many jobs have ended.
func (s snapshot) ended() int {
	n := 0
	for _, status := range job.TerminalStatuses {
		n += s.counts[status]
	}
	return n
}

// shortError makes an error fit for one line. The cause stands at the end of
// an error more often than at its start, so a long one keeps both.
func shortError(text string) string {
	const head, tail = 100, 190
	line := []rune(term.OneLine(text))
	if len(line) <= head+tail {
		return string(line)
	}
	return string(line[:head]) + " … " + string(line[len(line)-tail:])
}
