package top

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/remote"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/wire"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// server answers with what it has.
type server struct {
	queues    []wire.Queue
	workers   []wire.Worker
	workflows []wire.WorkflowItem
	jobs      []wire.Job
	gates     map[string][]wire.Job
	asked     int    // for jobs
	deleted   string // a workflow, after it was listed
	err       error
}

func (s *server) Server() string { return "http://hw.example" }

func (s *server) Queues(context.Context) (wire.List[wire.Queue], error) {
	return wire.List[wire.Queue]{Items: slices.Clone(s.queues)}, s.err
}

func (s *server) Workers(context.Context) (wire.List[wire.Worker], error) {
	return wire.List[wire.Worker]{Items: slices.Clone(s.workers)}, s.err
}

func (s *server) Workflows(_ context.Context, f remote.WorkflowFilter, _ remote.Page) (list wire.List[wire.WorkflowItem], err error) {
	for _, w := range s.workflows {
		if w.Status == f.Status {
			list.Items = append(list.Items, w)
		}
	}
	return list, s.err
}

func (s *server) Jobs(_ context.Context, f remote.JobFilter, _ remote.Page) (list wire.List[wire.Job], err error) {
	s.asked++
	for _, j := range s.jobs {
		if j.Status == f.Status {
			list.Items = append(list.Items, j)
		}
	}
	return list, s.err
}

func (s *server) Gates(_ context.Context, id string) ([]wire.Job, error) {
	if id == s.deleted {
		return nil, fmt.Errorf("jobs: %w", &wire.Problem{Status: 404, Code: wire.CodeNotFound})
	}
	return s.gates[id], s.err
}

// busy is a server with n of everything.
func busy(n int) *server {
	s := &server{}
	before := func(d time.Duration) *time.Time { t := noon.Add(-d); return &t }
	for i := range n {
		s.queues = append(s.queues, wire.Queue{Name: fmt.Sprintf("queue%d", i), Ready: 10 * (n - i), Running: 1, Workers: 1})
		s.workers = append(s.workers, wire.Worker{Name: fmt.Sprintf("worker%d", i), Slots: 4, Running: 1, LastSeenAt: before(time.Second)})
		s.workflows = append(s.workflows, wire.WorkflowItem{
			ID: fmt.Sprint(i), Name: fmt.Sprintf("flow%d", i), Status: "running", CreatedAt: before(time.Minute),
			Stats: wire.Stats{TotalJobs: 4, Completed: 1, Failed: 1, Pending: 1, Running: 1},
		})
		s.jobs = append(s.jobs, wire.Job{Name: fmt.Sprintf("job%d", i), Status: "dead", Error: "it broke", FinishedAt: before(time.Duration(n-i) * time.Minute)})
	}
	return s
}

func TestAFrameShowsEverythingThatFits(t *testing.T) {
	s := busy(2)
	s.queues[1].Paused, s.queues[1].Workers = true, 0
	s.workers[1].LastSeenAt = nil
	s.workflows[1].Status = "paused"
	first := next(t.Context(), s, nil, noon)
	s.queues[0].Ready, s.workflows[0].Stats.Completed, s.workflows[0].Stats.Pending = 10, 2, 0
	got := frame(next(t.Context(), s, first, noon.Add(2*time.Second)), term.Palette{}, 80, 24)
	got = strings.ReplaceAll(got, noon.Add(2*time.Second).Local().Format("15:04:05"), "12:00:02")
	want := `12:00:02  20 ready, 2 running, 2/8 slots busy, 0.5 jobs/s  http://hw.example
Queues
READY  CHANGE/S  RUNNING  WORKERS  STATE   NAME
   10      -5.0        1        1  open    queue0
   10      +0.0        1        0  paused  queue1
Workers
BUSY  STATE    SEEN  QUEUES  NAME
 1/4  working    3s  all     worker0
 1/4  working        all     worker1
Workflows
PROGRESS              JOBS  FAILED  AGE  STATUS   NAME
███████████████░░░░░   3/4       1   1m  running  flow0
██████████░░░░░░░░░░   2/4       1   1m  paused   flow1
Newest failures
AGE  STATUS  NAME  WORKFLOW  ERROR
 1m  dead    job1            it broke
 2m  dead    job0            it broke`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestAWorkflowThatOnlyWaitsAtAGateShowsIt(t *testing.T) {
	s := busy(3)
	gate := func(kind, name string) wire.Job { return wire.Job{ID: "7", Name: name, Gate: &wire.Gate{Type: kind}} }
	s.gates = map[string][]wire.Job{"0": {gate("approval", "sign-off")}, "1": {gate("signal", "paid"), gate("timer", "pause")}, "2": {gate("approval", "unseen")}}
	for i := range s.workflows {
		s.workflows[i].Stats.Suspended = 1
	}
	s.workflows[0].Stats.Running, s.workflows[1].Stats.Running = 0, 0
	got := frame(next(t.Context(), s, nil, noon), term.Palette{}, 80, 0)
	for _, want := range []string{"  waits: approval sign-off       flow0\n", "  waits: signal paid and 1 more  flow1\n", "  running                        flow2\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	v, err := Look(t.Context(), s)
	if err != nil || len(v.Workflows) != 3 || len(v.Workflows[2].WaitsFor) != 0 || v.Workflows[0].WaitsFor[0] != (Wait{"approval", "sign-off", "7"}) || len(v.Workflows[1].WaitsFor) != 2 {
		t.Errorf("got %+v, %v", v.Workflows, err)
	}
}

func TestAWorkflowThatIsDeletedMeanwhileWaitsAtNoGate(t *testing.T) {
	s := busy(2)
	for i := range s.workflows {
		s.workflows[i].Stats.Suspended, s.workflows[i].Stats.Running = 1, 0
	}
	s.deleted = "0"
	s.gates = map[string][]wire.Job{"1": {{ID: "7", Name: "paid", Gate: &wire.Gate{Type: "signal"}}}}
	v, err := Look(t.Context(), s)
	if err != nil || len(v.Workflows) != 2 || len(v.Workflows[0].WaitsFor) != 0 || len(v.Workflows[1].WaitsFor) != 1 {
		t.Errorf("got %+v, %v", v.Workflows, err)
	}
}

func TestNothingToShowIsSaidInWords(t *testing.T) {
	got := frame(next(t.Context(), &server{}, nil, noon), term.Palette{}, 80, 24)
	for _, want := range []string{"no queue has jobs", "no worker was seen", "no workflow is open", "none of the jobs"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}

func TestAFrameIsNeverLargerThanItsTerminal(t *testing.T) {
	l := next(t.Context(), busy(30), nil, noon)
	for _, width := range []int{20, 40, 80, 200} {
		for height := 1; height < 60; height++ {
			list := strings.Split(frame(l, term.Palette{}, width, height), "\n")
			if len(list) > height {
				t.Fatalf("%d lines on a height of %d", len(list), height)
			}
			for _, line := range list {
				if term.Columns(line) > width && width >= 80 {
					t.Fatalf("%d columns on a width of %d: %s", term.Columns(line), width, line)
				}
			}
		}
	}
	if got := frame(l, term.Palette{}, 80, 24); !strings.Contains(got, "(3 of 30)") && !strings.Contains(got, "(4 of 30)") {
		t.Errorf("what is left out is not counted:\n%s", got)
	}
	if got := frame(l, term.Palette{}, 80, 0); !strings.Contains(got, "queue29") || !strings.Contains(got, "job29") {
		t.Errorf("without a height something is left out:\n%s", got)
	}
}

func TestAServerThatFallsSilentLeavesWhatItSaidBefore(t *testing.T) {
	s := busy(1)
	first := next(t.Context(), s, nil, noon)
	s.err = errors.New("connection refused")
	silent := next(t.Context(), s, first, noon.Add(time.Second))
	if got := frame(silent, term.Palette{}, 80, 24); !strings.Contains(got, "does not answer: connection refused") || !strings.Contains(got, "queue0") {
		t.Errorf("got\n%s", got)
	}
	s.err = nil
	if again := next(t.Context(), s, silent, noon.Add(2*time.Second)); again.err != nil || !again.compared {
		t.Errorf("got %+v", again)
	}
	s.err = errors.New("connection refused")
	if err := Once(t.Context(), s, &bytes.Buffer{}); err == nil {
		t.Error("a first look at a silent server is no error")
	}
}

func TestFailuresAreLookedForLessOften(t *testing.T) {
	s := busy(1)
	l := next(t.Context(), s, nil, noon)
	for i := range 9 {
		l = next(t.Context(), s, l, noon.Add(time.Duration(i+1)*time.Second))
	}
	if s.asked != 3 || len(l.failures) != 1 {
		t.Errorf("asked %d times, %d failures", s.asked, len(l.failures))
	}
	if next(t.Context(), s, l, noon.Add(10*time.Second)); s.asked != 6 {
		t.Errorf("asked %d times", s.asked)
	}
}

func TestKeysQuitAndLookAgain(t *testing.T) {
	s := &screen{ctx: t.Context(), source: busy(1), interval: time.Second, width: 80, height: 24, look: next(t.Context(), busy(1), nil, noon)}
	if _, cmd := s.Update(tea.KeyPressMsg{Code: 'q', Text: "q"}); cmd == nil || cmd() != tea.Quit() {
		t.Error("q does not quit")
	}
	_, cmd := s.Update(tea.KeyPressMsg{Code: 'r', Text: "r"})
	if cmd == nil || !s.asking {
		t.Fatal("r does not look again")
	}
	if _, again := s.Update(tea.KeyPressMsg{Code: 'r', Text: "r"}); again != nil {
		t.Error("two looks are on their way")
	}
	if s.Update(cmd()); s.asking || !s.look.compared {
		t.Errorf("the look did not arrive: %+v", s.look)
	}
	if got := strings.Count(s.View().Content, "\n") + 1; got != 24 {
		t.Errorf("the view has %d lines", got)
	}
}
