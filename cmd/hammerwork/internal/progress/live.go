package progress

import (
	"io"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// framesPerSecond bounds how often the terminal is painted.
const framesPerSecond = 10

// NewLive returns a progress that repaints a few lines in place. It reads no
// keys and handles no signals.
func NewLive(w io.Writer, run Run) Progress {
	model := newModel(run)
	l := &live{out: w, model: model, done: make(chan struct{})}
	width, height := term.Size(w)
	l.program = tea.NewProgram(
		&screen{model: model, palette: term.Colours(w), width: width, height: height, now: model.snapshot("")},
		tea.WithOutput(w), tea.WithInput(nil), tea.WithoutSignalHandler(),
		tea.WithFPS(framesPerSecond), tea.WithWindowSize(width, height),
	)
	go func() {
		defer close(l.done)
		_, _ = l.program.Run() // a terminal that cannot be painted is not worth stopping a run for
	}()
	return l
}

type live struct {
	out     io.Writer
	model   *model
	program *tea.Program
	done    chan struct{}
}

func (l *live) Job(e bus.JobEvent) { l.model.job(l.model.clock(), e) }

func (l *live) JobAt(at time.Time, e bus.JobEvent) { l.model.job(at, e) }

func (l *live) Waits(list []Wait) { l.model.setWaits(list) }

func (l *live) Notice(text string) { l.model.setNotice(text) }

// Write prints row by row: to insert more rows at once than are free below the
// frame would push a part of it out of the terminal.
func (l *live) Write(b []byte) (int, error) {
	width, _ := term.Size(l.out)
	for _, row := range term.Rows(string(b), width-1) {
		l.program.Println(row)
	}
	return len(b), nil
}

func (l *live) End(status workflow.Status) {
	if !status.Terminal() {
		status = workflow.Cancelling // any that says: stopped
	}
	l.program.Send(endMsg{status})
	<-l.done
}

// screen is the Bubble Tea model: a snapshot, painted.
type screen struct {
	model         *model
	palette       term.Palette
	width, height int
	rows          int // the most lines that running jobs took so far
	now           snapshot
}

type tickMsg struct{}

type endMsg struct{ status workflow.Status }

func tick() tea.Cmd {
	return tea.Tick(time.Second/framesPerSecond, func(time.Time) tea.Msg { return tickMsg{} })
}

// Init starts the ticks.
func (s *screen) Init() tea.Cmd { return tick() }

// Update takes a new snapshot at each tick.
func (s *screen) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		s.width, s.height = msg.Width, msg.Height
	case tickMsg:
		s.now = s.model.snapshot("")
		s.rows = max(s.rows, min(s.now.counts[job.Running], shownRunning+1))
		return s, tick()
	case endMsg:
		s.now = s.model.snapshot(msg.status)
		return s, tea.Quit
	}
	return s, nil
}

// View paints the snapshot. The last line of the terminal stays free, so that
// nothing scrolls; at the end it is where the next output goes.
func (s *screen) View() tea.View {
	content := frame(s.now, s.palette, s.width, s.height-1, s.rows)
	if s.now.end != "" {
		content += "\n"
	}
	v := tea.NewView(content)
	v.DisableBracketedPasteMode = true // nothing is read
	return v
}
