package timing_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hammerwork/hammerwork/pkg/workflow/timing"
)

const s = time.Second

// ran is a job that has ended.
func ran(start, end time.Duration, parents ...int) timing.Job {
	return timing.Job{Parents: parents, Start: start, End: end}
}

// waits is a job that has not started.
func waits(own time.Duration, parents ...int) timing.Job {
	return timing.Job{Parents: parents, Start: timing.Never, End: timing.Never, Own: own}
}

func TestThePathOfADiamondGoesOverItsSlowSide(t *testing.T) {
	p := timing.Analyse([]timing.Job{ran(1*s, 2*s), ran(3*s, 4*s, 0), ran(2*s, 8*s, 0), ran(9*s, 10*s, 1, 2)}, 20*s)
	if !slices.Equal(p.Path, []int{0, 2, 3}) || p.End != 10*s {
		t.Errorf("path %v, end %s", p.Path, p.End)
	}
	want := []timing.Timing{
		{Ready: 0, Start: 1 * s, End: 2 * s, Critical: true},
		{Ready: 2 * s, Start: 3 * s, End: 4 * s, Slack: 4 * s},
		{Ready: 2 * s, Start: 2 * s, End: 8 * s, Critical: true},
		{Ready: 8 * s, Start: 9 * s, End: 10 * s, Critical: true},
	}
	for i, w := range want {
		if p.Jobs[i] != w {
			t.Errorf("job %d: got %+v, want %+v", i, p.Jobs[i], w)
		}
	}
	if p.Jobs[1].Waited() != s || p.Jobs[1].Own() != s {
		t.Errorf("waited %s, own %s", p.Jobs[1].Waited(), p.Jobs[1].Own())
	}
}

func TestAParentThatEndedAfterItsChildStartedDecidesNothing(t *testing.T) {
	p := timing.Analyse([]timing.Job{ran(0, 2*s), ran(0, 9*s), ran(3*s, 10*s, 0, 1)}, 20*s)
	if !slices.Equal(p.Path, []int{0, 2}) || p.Jobs[1].Slack != s {
		t.Errorf("path %v, slack of the late parent %s", p.Path, p.Jobs[1].Slack)
	}
}

func TestWhatHasNotEndedIsEstimated(t *testing.T) {
	running := timing.Job{Start: 2 * s, End: timing.Never, Own: 5 * s}
	late := timing.Job{Start: 0, End: timing.Never, Own: s}
	p := timing.Analyse([]timing.Job{ran(0, 2*s), running, late, waits(3*s, 1), waits(1*s, 0)}, 4*s)
	if !slices.Equal(p.Path, []int{1, 3}) || p.End != 10*s {
		t.Errorf("path %v, end %s", p.Path, p.End)
	}
	for i, end := range []time.Duration{2 * s, 7 * s, 4 * s, 10 * s, 5 * s} {
		if p.Jobs[i].End != end || p.Jobs[i].Estimated != (i > 0) {
			t.Errorf("job %d: %+v, want end %s", i, p.Jobs[i], end)
		}
	}
}

func TestAFinallyJobWaitsForAllOthers(t *testing.T) {
	last := ran(6*s, 7*s)
	last.Last = true
	p := timing.Analyse([]timing.Job{last, ran(0, 5*s), ran(0, 2*s)}, 7*s)
	if !slices.Equal(p.Path, []int{1, 0}) || p.Jobs[0].Waited() != s || p.Jobs[2].Slack != 3*s {
		t.Errorf("got %+v", p)
	}
}

func TestADelayedJobGivesItsParentsSlack(t *testing.T) {
	delayed := ran(5*s, 6*s, 0)
	delayed.Due = 4 * s
	p := timing.Analyse([]timing.Job{ran(0, 1*s), delayed}, 7*s)
	if p.Jobs[0].Slack != 3*s || p.Jobs[1].Waited() != s {
		t.Errorf("got %+v", p.Jobs)
	}
}

func TestACycleAndNoJobsAreNoTrouble(t *testing.T) {
	if p := timing.Analyse(nil, s); len(p.Path) != 0 || p.End != 0 {
		t.Errorf("got %+v", p)
	}
	timing.Analyse([]timing.Job{waits(s, 1), waits(s, 0), ran(0, s)}, s)
}

func TestSlackIsHowMuchLaterAJobMayEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		jobs := make([]timing.Job, rapid.IntRange(1, 10).Draw(t, "jobs"))
		for i := range jobs {
			jobs[i] = waits(time.Duration(rapid.IntRange(0, 5).Draw(t, "own")) * s)
			jobs[i].Due = time.Duration(rapid.IntRange(0, 3).Draw(t, "due")) * s
			jobs[i].Last = rapid.IntRange(0, 5).Draw(t, "last") == 0
			for p := range i {
				if !jobs[i].Last && !jobs[p].Last && rapid.Bool().Draw(t, "edge") {
					jobs[i].Parents = append(jobs[i].Parents, p)
				}
			}
		}
		p := timing.Analyse(jobs, 0)
		if want := slowest(jobs); p.End != want {
			t.Fatalf("it ends at %s; the longest path takes %s", p.End, want)
		}
		sum := p.Jobs[p.Path[0]].Ready
		for _, i := range p.Path {
			sum += p.Jobs[i].Own()
			if p.Jobs[i].Slack != 0 || !p.Jobs[i].Critical {
				t.Fatalf("job %d of the path: %+v", i, p.Jobs[i])
			}
		}
		for i := range jobs {
			longer := slices.Clone(jobs)
			longer[i].Own += p.Jobs[i].Slack
			if end := slowest(longer); end != p.End {
				t.Fatalf("job %d has slack %s, and with it the end is %s, not %s", i, p.Jobs[i].Slack, end, p.End)
			}
			longer[i].Own += s
			if end := slowest(longer); end <= p.End {
				t.Fatalf("job %d has slack %s, and with a second more the end is still %s", i, p.Jobs[i].Slack, end)
			}
		}
	})
}

// slowest is when the last job ends, worked out job by job, again and again.
func slowest(jobs []timing.Job) (end time.Duration) {
	ends := make([]time.Duration, len(jobs))
	for range len(jobs) + 1 {
		rest := time.Duration(0)
		for i, j := range jobs {
			if !j.Last {
				rest = max(rest, ends[i])
			}
		}
		for i, j := range jobs {
			begin := j.Due
			for _, p := range j.Parents {
				begin = max(begin, ends[p])
			}
			if j.Last {
				begin = max(begin, rest)
			}
			ends[i] = begin + j.Own
		}
	}
	return slices.Max(ends)
}

func TestALongChainIsAnalysedInLinearTime(t *testing.T) {
	jobs := make([]timing.Job, 100_000)
	for i := range jobs {
		jobs[i] = waits(s)
		if i > 0 {
			jobs[i].Parents = []int{i - 1}
		}
	}
	if p := timing.Analyse(jobs, 0); len(p.Path) != len(jobs) || p.End != 100_000*s {
		t.Errorf("%d jobs, %s", len(p.Path), p.End)
	}
}

func TestWhatRemainsIsKnownFromRunsThatTookLonger(t *testing.T) {
	var earlier []time.Duration
	for i := range 10 {
		earlier = append(earlier, time.Duration(10-i)*s)
	}
	for _, c := range []struct {
		elapsed time.Duration
		earlier []time.Duration
		want    timing.Remaining
	}{
		{0, nil, timing.Remaining{}},
		{0, earlier, timing.Remaining{P50: 5 * s, P90: 9 * s, Runs: 10}},
		{8 * s, earlier, timing.Remaining{P50: 1 * s, P90: 2 * s, Runs: 10}},
		{10 * s, earlier, timing.Remaining{Runs: 10, Over: true}},
		{0, []time.Duration{3 * s}, timing.Remaining{P50: 3 * s, P90: 3 * s, Runs: 1}},
	} {
		if got := timing.Remain(c.elapsed, c.earlier); got != c.want {
			t.Errorf("after %s of %v: got %+v, want %+v", c.elapsed, c.earlier, got, c.want)
		}
	}
	if got := timing.Median([]time.Duration{5, 1, 3, 9}); got != 3 || timing.Median(nil) != timing.Never {
		t.Errorf("the median is %s", got)
	}
}
