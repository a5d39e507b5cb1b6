package agent_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/agent"
	"github.com/hammerwork/hammerwork/internal/bus"
)

// tell says how far a job has come.
func (r *rig) tell(lease, n int, percent float64, message string) {
	r.t.Helper()
	r.step(agent.Progressed{Key: key(lease, n), Latest: func() (float64, string) { return percent, message }})
}

// news returns the progress that the heartbeat under way tells.
func (r *rig) news() []bus.Progress {
	r.t.Helper()
	r.beat()
	return decode[bus.Heartbeat](r.t, r.beats[0].Data).Progress
}

// accepted returns a rig that holds lease 100 with jobs 10 and 11 and lease 101
// with job 12, and whose heartbeats are due in five seconds.
func accepted(t *testing.T) *rig {
	r := newRig(t, slots(5))
	r.deliver(r.pulls[0].ID, 100, 10, 11)
	r.deliver(r.pulls[0].ID, 101, 12)
	r.pass(time.Second)
	r.beaten(fine)
	return r
}

func TestProgressComesWithinASecondForItsOwnLeasesAlone(t *testing.T) {
	r := accepted(t)
	r.tell(100, 11, 40, "so far")
	r.pass(time.Second - time.Millisecond)
	equal(t, "heartbeats before", len(r.beats), 0)
	r.pass(time.Millisecond)
	if leases := r.beat(); len(leases) != 1 || leases[0] != number(100) {
		t.Errorf("leases %v", leases)
	}
	want := bus.Progress{LeaseJob: bus.LeaseJob{Lease: number(100), Job: number(11)}, Percent: 40, Message: "so far"}
	if got := r.news(); len(got) != 1 || got[0] != want {
		t.Errorf("told %v", got)
	}
	r.beaten(fine)
	r.pass(4 * time.Second) // the other lease has its heartbeat when it would have had it
	if leases := r.beat(); len(leases) != 2 || len(r.news()) != 0 {
		t.Errorf("leases %v, told %v", leases, r.news())
	}
}

func TestProgressTravelsWithAHeartbeatThatIsDueAnyway(t *testing.T) {
	r := accepted(t)
	r.pass(4500 * time.Millisecond)
	r.tell(101, 12, 1, "")
	r.pass(500 * time.Millisecond)
	equal(t, "leases", len(r.beat()), 2)
	equal(t, "told", len(r.news()), 1)
	r.beaten(fine)
	r.pass(4 * time.Second)
	equal(t, "heartbeats", len(r.beats), 0)
}

func TestProgressIsToldAtMostOnceASecondHoweverManyTell(t *testing.T) {
	r := accepted(t)
	beats := 0
	for i := range 1000 { // ten seconds
		r.tell(100, 10+i%2, float64(i%100), "")
		r.pass(10 * time.Millisecond)
		if r.beats != nil {
			beats++
			r.beaten(fine)
		}
	}
	if beats < 9 || beats > 12 {
		t.Errorf("%d heartbeats in ten seconds", beats)
	}
}

func TestProgressWhoseHeartbeatGotLostIsToldAgainUnlessThereIsMore(t *testing.T) {
	r := accepted(t)
	r.tell(100, 10, 1, "old")
	r.tell(100, 11, 1, "kept")
	r.pass(time.Second)
	r.tell(100, 10, 2, "new")
	r.loseBeat()
	for r.beats == nil {
		r.pass(10 * time.Millisecond)
	}
	got := r.news()
	if len(got) != 2 || got[0].Message != "new" || got[1].Message != "kept" {
		t.Errorf("told %v", got)
	}
}

func TestProgressOfAJobThatHasEndedOrIsNotHeldIsNotTold(t *testing.T) {
	r := accepted(t)
	r.tell(100, 10, 1, "")
	r.tell(100, 99, 1, "")
	r.tell(999, 10, 1, "")
	r.finish(100, 10)
	r.tell(100, 10, 2, "")
	r.pass(3 * time.Second)
	equal(t, "heartbeats", len(r.beats), 0)
}

func TestMoreProgressThanFitsIntoAMessageTakesSeveral(t *testing.T) {
	const jobs = 500
	r := newRig(t, slots(jobs))
	list := make([]int, jobs)
	for i := range list {
		list[i] = 1000 + i
	}
	r.deliver(r.pulls[0].ID, 100, list...)
	r.pass(time.Second)
	r.beaten(fine)
	for _, n := range list {
		r.tell(100, n, 1, strings.Repeat("x", 500))
	}
	told := 0
	for range 3 {
		r.pass(time.Second)
		told += len(r.news())
		r.beaten(fine)
	}
	equal(t, "told", told, jobs)
}
