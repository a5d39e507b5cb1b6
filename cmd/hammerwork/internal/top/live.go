package top

import (
	"context"
	"fmt"
	"io"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
)

// Once writes one frame, of any height, or returns why there is none.
func Once(ctx context.Context, s Source, to io.Writer) error {
	l := next(ctx, s, nil, time.Now())
	if l.err != nil {
		return l.err
	}
	width, _ := term.Size(to)
	_, err := fmt.Fprintln(to, frame(l, term.Colours(to), width, 0))
	return err
}

// Live shows frames on a terminal, a new one each interval, until q or Ctrl-C is
// pressed or ctx is done. It returns an error when there is no first one.
func Live(ctx context.Context, s Source, to io.Writer, keys io.Reader, interval time.Duration) error {
	first := next(ctx, s, nil, time.Now())
	if first.err != nil {
		return first.err
	}
	width, height := term.Size(to)
	m := &screen{ctx: ctx, source: s, interval: interval, palette: term.Colours(to), width: width, height: height, look: first}
	_, err := tea.NewProgram(m, tea.WithContext(ctx), tea.WithOutput(to), tea.WithInput(keys), tea.WithWindowSize(width, height)).Run()
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// screen is the Bubble Tea model: the last look, painted.
type screen struct {
	ctx           context.Context
	source        Source
	interval      time.Duration
	palette       term.Palette
	width, height int
	look          *look
	asking        bool // a look is on its way
}

type tickMsg struct{}

type lookMsg struct{ look *look }

func (s *screen) tick() tea.Cmd {
	return tea.Tick(s.interval, func(time.Time) tea.Msg { return tickMsg{} })
}

// ask looks again, unless that is on its way.
func (s *screen) ask() tea.Cmd {
	if s.asking {
		return nil
	}
	s.asking = true
	before := s.look
	return func() tea.Msg { return lookMsg{next(s.ctx, s.source, before, time.Now())} }
}

// Init starts the ticks.
func (s *screen) Init() tea.Cmd { return s.tick() }

// Update looks again at each tick and when r is pressed.
func (s *screen) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		s.width, s.height = msg.Width, msg.Height
	case tickMsg:
		return s, tea.Batch(s.ask(), s.tick())
	case lookMsg:
		s.look, s.asking = msg.look, false
	case tea.KeyPressMsg:
		switch msg.String() {
		case "q", "esc", "ctrl+c":
			return s, tea.Quit
		case "r", "space", "enter":
			return s, s.ask()
		}
	}
	return s, nil
}

// View paints the last look, and which keys there are.
func (s *screen) View() tea.View {
	content := frame(s.look, s.palette, s.width, s.height-1)
	for range s.height - 1 - lines(content) {
		content += "\n"
	}
	v := tea.NewView(content + "\n" + s.palette.Faint(cut("q quits, r looks again; every "+s.interval.String(), s.width)))
	v.AltScreen = true
	return v
}

func lines(s string) int {
	n := 1
	for _, c := range s {
		if c == '\n' {
			n++
		}
	}
	return n
}
