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
	// Write takes whole log lines and shows them without disturbing the rest.
	io.Writer
	// End shows how the workflow stands at last and leaves the terminal clean.
	// A status that is not terminal means that the run was stopped.
	End(status workflow.Status)
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
