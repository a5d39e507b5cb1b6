package progress

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

func TestTheLiveViewTakesEventsFromManyGoroutinesAndEndsClean(t *testing.T) {
	var screen bytes.Buffer
	p := NewLive(&screen, Run{Name: "wide", Total: 400})
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 100 {
				name := fmt.Sprintf("job-%d-%d", w, i)
				id := job.NewID()
				p.Job(bus.JobEvent{Job: id, Name: name, Status: job.Running, Attempt: 1})
				p.Job(bus.JobEvent{Job: id, Name: name, Status: job.Completed, Attempt: 1})
			}
		})
	}
	wg.Wait()
	p.Notice("stopping")
	if _, err := p.Write([]byte("a log line\n")); err != nil {
		t.Fatal(err)
	}
	p.End(workflow.Completed)
	got := ansi.Strip(screen.String())
	for _, want := range []string{"wide", "completed", "400 completed", "a log line"} {
		if !strings.Contains(got, want) {
			t.Errorf("the screen never showed %q:\n%s", want, got)
		}
	}
	if !strings.Contains(screen.String(), "\x1b[?25h") {
		t.Error("the cursor stays hidden")
	}
}
