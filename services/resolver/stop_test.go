package resolver_test

import (
	"slices"
	"testing"

	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/pkg/job"
)

func TestAResolverThatStopsAsksWorkersToComeAgain(t *testing.T) {
	r := newRig(t)
	r.report("reply-1", 1)
	r.step(service.Stop{})
	r.report("reply-2", 2, 3)
	got := r.verdicts()["reply-2"]
	if !slices.Equal(got, []job.Verdict{job.Retry, job.Retry}) {
		t.Errorf("verdicts %v, want two to come again", got)
	}
	r.finish("resolve")
	if !r.m.Idle() {
		t.Error("not idle though all it took is answered")
	}
}
