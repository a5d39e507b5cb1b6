package progress

import (
	"io"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// NewSilent returns a progress that shows nothing; log lines still go to w.
func NewSilent(w io.Writer) Progress { return silent{w} }

type silent struct{ io.Writer }

func (silent) Job(bus.JobEvent)              {}
func (silent) JobAt(time.Time, bus.JobEvent) {}
func (silent) Waits([]Wait)                  {}
func (silent) Notice(string)                 {}
func (silent) End(workflow.Status)           {}
