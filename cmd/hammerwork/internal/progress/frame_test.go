package progress

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew")

// show is a run on a clock that stands still until it is moved.
type show struct {
	now   time.Time
	model *model
	ids   map[string]job.ID
}

func newShow(name string, total int) *show {
	s := &show{now: time.Unix(1_800_000_000, 0), ids: make(map[string]job.ID)}
	s.model = newModel(Run{Name: name, Total: total, Clock: s.clock})
	return s
}

func (s *show) clock() time.Time { return s.now }

func (s *show) after(d time.Duration) *show { s.now = s.now.Add(d); return s }

// event tells of a job. A failed attempt has the text.
func (s *show) event(name string, status job.Status, attempt int, text string) bus.JobEvent {
	id, known := s.ids[name]
	if !known {
		id = job.NewID()
		s.ids[name] = id
	}
	return bus.JobEvent{Job: id, Name: name, Status: status, Attempt: attempt, Error: text}
}

func (s *show) job(name string, status job.Status) *show {
	s.model.job(s.now, s.event(name, status, 1, ""))
	return s
}

// pipeline is a run in the middle, with something of everything.
func pipeline() *show {
	s := newShow("data_pipeline", 40)
	for i := range 17 {
		s.job(fmt.Sprintf("extract-%d", i), job.Running).after(70*time.Millisecond).job(fmt.Sprintf("extract-%d", i), job.Completed)
	}
	s.job("validate-schema", job.Running).after(2 * time.Second)
	s.model.job(s.now, s.event("validate-schema", job.Dead, 3, "exit status 2:\n\tcolumn \"rows\"\x1b[31m is missing\nin customers.csv"))
	s.job("load-customers", job.UpstreamFailed).job("load-orders", job.UpstreamFailed)
	s.job("NFCORE_RNASEQ.RNASEQ.ALIGN_STAR.SAMTOOLS_SORT_AND_INDEX_THE_WHOLE_GENOME_OF_EVERYTHING.STAR_ALIGN_12", job.Running).after(75 * time.Second)
	s.job("transform-a", job.Running).after(3400 * time.Millisecond)
	s.model.job(s.now, s.event("transform-b", job.Running, 2, ""))
	s.job("transform-c", job.Retrying)
	return s.after(120 * time.Millisecond)
}

func hundredThousand() *show {
	s := newShow("wide", 100_000)
	for i := range 61_234 {
		s.job(fmt.Sprint("item-", i), job.Completed)
	}
	for i := range 512 {
		s.job(fmt.Sprint("running-", i), job.Running).after(time.Millisecond)
	}
	for i := range 7 {
		s.model.job(s.now, s.event(fmt.Sprint("broken-", i), job.Failed, 1, strings.Repeat("very long ", 50)+"cause"))
	}
	return s
}

func finished() *show {
	s := newShow("report", 3)
	for _, name := range []string{"a", "b", "c"} {
		s.job(name, job.Running).after(time.Second).job(name, job.Completed)
	}
	return s
}

func TestFramesLookAsTheyDid(t *testing.T) {
	for _, c := range []struct {
		name          string
		show          *show
		end           workflow.Status
		notice        string
		width, height int
	}{
		{"start", newShow("data_pipeline", 40), "", "", 80, 23},
		{"middle", pipeline(), "", "", 80, 23},
		{"middle_wide", pipeline(), "", "", 200, 50},
		{"middle_narrow", pipeline(), "", "", 40, 14},
		{"middle_low", pipeline(), "", "stopping: 3 jobs still run; Ctrl-C again stops at once", 80, 7},
		{"tiny", pipeline(), "", "", 18, 4},
		{"hundred_thousand", hundredThousand(), "", "", 80, 23},
		{"completed", finished(), workflow.Completed, "", 80, 23},
		{"failed", pipeline(), workflow.Failed, "", 80, 23},
		{"stopped", pipeline(), workflow.Cancelling, "", 80, 23},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.show.model.setNotice(c.notice)
			got := frame(c.show.model.snapshot(c.end), term.Palette{}, c.width, c.height, 0) + "\n"
			golden := filepath.Join("testdata", c.name+".txt")
			if *rewrite {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestAFrameNeverLeavesItsTerminal(t *testing.T) {
	for name, s := range map[string]*show{"pipeline": pipeline(), "wide": hundredThousand(), "empty": newShow("none", 0)} {
		s.model.setNotice("stopping: 3 jobs still run; Ctrl-C again stops at once")
		snapshot := s.model.snapshot("")
		for width := range 110 {
			for height := range 25 {
				for _, palette := range []term.Palette{{}, term.Coloured} {
					got := frame(snapshot, palette, width, height, 11)
					lines := strings.Split(got, "\n")
					if got != "" && len(lines) > height {
						t.Fatalf("%s: %d lines in %d×%d:\n%s", name, len(lines), width, height, got)
					}
					for _, line := range lines {
						if term.Columns(line) > width {
							t.Fatalf("%s: a line of %d columns in %d×%d:\n%s", name, term.Columns(line), width, height, got)
						}
					}
				}
			}
		}
	}
}

func TestAJobThatIsToldTwiceCountsOnce(t *testing.T) {
	s := newShow("twice", 2)
	s.job("a", job.Running).job("a", job.Running).job("a", job.Completed).job("a", job.Completed)
	got := s.model.snapshot("")
	if got.ended() != 1 || got.counts[job.Running] != 0 || len(got.running) != 0 {
		t.Errorf("one job that completed is shown as %+v", got)
	}
}

func TestAResumedRunCountsWhatEndedBefore(t *testing.T) {
	before := newShow("x", 0)
	m := newModel(Run{Name: "x", Total: 4, Before: []bus.JobEvent{
		before.event("a", job.Completed, 1, ""), before.event("b", job.Completed, 1, ""),
	}})
	if got := m.snapshot("").ended(); got != 2 {
		t.Errorf("%d jobs ended; want 2", got)
	}
}

func TestAFrameCostsTheSameForAnyNumberOfJobs(t *testing.T) {
	cost := func(s *show) float64 {
		return testing.AllocsPerRun(20, func() { frame(s.model.snapshot(""), term.Coloured, 80, 23, 11) })
	}
	small := newShow("small", 100)
	for i := range 12 {
		small.job(fmt.Sprint("running-", i), job.Running)
		small.model.job(small.now, small.event(fmt.Sprint("broken-", i), job.Failed, 1, "no"))
	}
	small.job("done", job.Completed)
	a, b := cost(small), cost(hundredThousand())
	if b > a*2 {
		t.Errorf("a frame makes %.0f allocations for 25 jobs and %.0f for 100,000", a, b)
	}
}

func TestAFrameShowsWhatJobsWaitForWithTheCommandThatAnswers(t *testing.T) {
	s := newShow("deploy", 4).job("build", job.Completed).job("sign-off", job.Suspended).job("regions", job.Suspended)
	s.model.setWaits([]Wait{
		{ID: "1", Name: "sign-off", Text: "approval, open for 3.0s", Command: "hammerwork workflow approve ID --job sign-off"},
		{ID: "2", Name: "regions", Text: "map, 2 of 5 items: regions[2]"},
	})
	got := frame(s.model.snapshot(""), term.Palette{}, 80, 20, 0)
	const want = `1 completed · 2 suspended · 1 waiting

‖ sign-off  approval, open for 3.0s
    hammerwork workflow approve ID --job sign-off
‖ regions  map, 2 of 5 items: regions[2]`
	if _, below, _ := strings.Cut(got, "%\n"); below != want {
		t.Errorf("the frame is\n%s", got)
	}
	for height := 3; height < 9; height++ {
		if got := frame(s.model.snapshot(""), term.Palette{}, 80, height, 0); strings.Count(got, "\n")+1 > height {
			t.Errorf("the frame of %d lines is\n%s", height, got)
		}
	}
}
