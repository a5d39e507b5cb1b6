package progress

import (
	"io"
	"time"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// Progress shows one run. Its methods may be called from any goroutine; End
// comes last, once.
type Progress interface {
	// Job takes a job's new status of now.
	Job(e bus.JobEvent)
	// JobAt takes a job's new status of a time on the run's clock.
	JobAt(at time.Time, e bus.JobEvent)
	// Notice says something about the run as a whole; on a terminal it stays
	// until the next notice.
	Notice(text string)
	// Waits takes all that jobs without a worker wait for now.
	Waits(list []Wait)
	// Write takes whole log lines and shows them without disturbing the rest.
	io.Writer
	// End shows how the workflow stands at last and leaves the terminal clean.
	// A status that is not terminal means that the run was stopped.
	End(status workflow.Status)
}

// Wait is what a job waits for that no worker holds: an answer, a time, or its
// parts.
type Wait struct {
	ID      string // of the job
	Name    string // indented, if it is within another one
	Text    string // what it waits for, and for how long already
	Command string // that answers it; empty: nobody has to
	News    string // what a plain progress tells again when it changes
}

// Run is what is known of a run before its first event.
type Run struct {
	Name   string
	Total  int              // jobs
	Before []bus.JobEvent   // jobs that ended before; they are counted, not announced
	Start  time.Time        // zero: now
	Left   string           // the word when End finds it unfinished; empty: stopped
	Clock  func() time.Time // nil: time.Now
}

// New returns the progress that suits w: live on a terminal, plain elsewhere.
func New(w io.Writer, run Run) Progress {
	if term.Is(w) {
		return NewLive(w, run)
	}
	return NewPlain(w, run)
}
