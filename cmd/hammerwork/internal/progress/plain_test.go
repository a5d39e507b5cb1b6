package progress

import (
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

func TestPlainProgressIsALineAnEvent(t *testing.T) {
	var b strings.Builder
	s := newShow("", 0)
	p := NewPlain(&b, Run{Name: "etl", Total: 5, Clock: s.clock})
	tell := func(after time.Duration, e bus.JobEvent) { s.after(after); p.Job(e) }
	tell(10*time.Millisecond, s.event("extract", job.Running, 1, ""))
	tell(120*time.Millisecond, s.event("extract", job.Completed, 1, ""))
	tell(0, s.event("transform", job.Running, 1, ""))
	tell(12*time.Millisecond, s.event("transform", job.Retrying, 1, "exit status 1:\nno such file\x1b[2J"))
	tell(time.Second, s.event("transform", job.Running, 2, ""))
	dead := s.event("transform", job.Dead, 2, "exit status 1")
	dead.Reason = job.ReasonExhausted
	tell(30*time.Millisecond, dead)
	tell(0, s.event("load", job.UpstreamFailed, 0, ""))
	cancelled := s.event("mail", job.Cancelled, 0, "")
	cancelled.Reason = job.ReasonFailFast
	tell(0, cancelled)
	tell(0, s.event("unseen", job.Completed, 1, ""))
	tell(0, s.event("unseen", job.Completed, 1, ""))
	p.Notice("stopping")
	if _, err := p.Write([]byte("a log line\n")); err != nil {
		t.Fatal(err)
	}
	p.End(workflow.Failed)

	const want = `    0.00s · etl: 5 jobs
    0.01s ▸ extract started
    0.13s ✓ extract completed in 120ms
    0.13s ▸ transform started
    0.14s ↻ transform attempt 1 failed after 12ms, will be tried again: exit status 1: no such file
    1.14s ▸ transform started, attempt 2
    1.17s ✗ transform dead after 2 attempts (exhausted): exit status 1
    1.17s ⊘ load upstream_failed
    1.17s – mail cancelled (fail_fast)
    1.17s ✓ unseen completed
    1.17s ! stopping
a log line
    1.17s ✗ etl failed
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestLongErrorsKeepTheirStartAndTheirEnd(t *testing.T) {
	got := shortError("exit status 1: " + strings.Repeat("noise ", 200) + "disk full")
	if !strings.HasPrefix(got, "exit status 1: ") || !strings.HasSuffix(got, "disk full") || len([]rune(got)) > 300 {
		t.Errorf("got %d characters: %s", len([]rune(got)), got)
	}
}

func TestPlainProgressDoesNotRepeatWhatEndedBeforeARunWentOn(t *testing.T) {
	var b strings.Builder
	s := newShow("", 0)
	done := s.event("extract", job.Completed, 1, "")
	p := NewPlain(&b, Run{Name: "etl", Total: 2, Clock: s.clock, Before: []bus.JobEvent{done}})
	p.Job(done)
	if want := "    0.00s · etl: 2 jobs, 1 ended before\n"; b.String() != want {
		t.Errorf("got %q; want %q", b.String(), want)
	}
}

func TestEventsOfThePastHaveTheirOwnTimes(t *testing.T) {
	var b strings.Builder
	s := newShow("", 0)
	s.after(3 * time.Second)
	p := NewPlain(&b, Run{Name: "etl", Total: 1, Clock: s.clock, Start: s.now.Add(-3 * time.Second)})
	p.JobAt(s.now.Add(-2*time.Second), s.event("extract", job.Running, 1, ""))
	p.JobAt(s.now.Add(-500*time.Millisecond), s.event("extract", job.Completed, 1, ""))
	p.JobAt(s.now.Add(-time.Hour), s.event("early", job.Completed, 1, "")) // a clock that was set
	p.End(workflow.Completed)
	const want = `    3.00s · etl: 1 job
    1.00s ▸ extract started
    2.50s ✓ extract completed in 1.5s
    0.00s ✓ early completed
    3.00s ✓ etl completed
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestPlainProgressTellsWhatAJobWaitsForWhenThereIsNews(t *testing.T) {
	var b strings.Builder
	s := newShow("", 0)
	p := NewPlain(&b, Run{Name: "deploy", Total: 2, Clock: s.clock})
	p.Job(s.event("sign-off", job.Suspended, 0, ""))
	gate := Wait{ID: "1", Name: "sign-off", Text: "approval", Command: "approve it"}
	for _, failed := range []string{"0", "0", "1"} {
		p.Waits([]Wait{gate, {ID: "2", Name: "  regions", Text: failed + " failed", News: failed}})
	}
	const want = `    0.00s · deploy: 2 jobs
    0.00s ‖ sign-off waits: approval; approve it
    0.00s ‖ regions waits: 0 failed
    0.00s ‖ regions waits: 1 failed
`
	if b.String() != want {
		t.Errorf("got\n%s", b.String())
	}
}
