package workflow

import (
	"testing"

	"github.com/hammerwork/hammerwork/pkg/job"
)

var allJoins = []job.Join{
	{},
	{Rule: job.JoinAll},
	{Rule: job.JoinMerge},
	{Rule: job.JoinAny},
	{Rule: job.JoinDone},
	{Rule: job.JoinQuorum, Quorum: 1},
	{Rule: job.JoinQuorum, Quorum: 2},
	{Rule: job.JoinQuorum, Quorum: 3},
	{Rule: job.JoinQuorum, Quorum: 4},
	{Rule: job.JoinQuorum, Quorum: 5},
}

// edgeOutcome is how one edge may be resolved.
type edgeOutcome struct {
	state    EdgeState
	optional bool
}

var edgeOutcomes = []edgeOutcome{
	{EdgeActive, false}, {EdgeInactive, false}, {EdgeBroken, false}, {EdgeInactive, true}, {EdgeBroken, true},
}

func TestADecisionNeverDependsOnTheOrderInWhichParentsEnd(t *testing.T) {
	checked := 0
	for parents := 1; parents <= 5; parents++ {
		orders := permutations(parents)
		for _, outcomes := range combinations(parents) {
			for _, join := range allJoins {
				want := decideOnce(join, outcomes, orders[0])
				if model := expected(join, outcomes); want != model {
					t.Fatalf("join %v over %v: got %v, the table says %v", join, outcomes, want, model)
				}
				for _, order := range orders {
					if got := decideOnce(join, outcomes, order); got != want {
						t.Fatalf("join %v over %v in order %v: got %v, want %v", join, outcomes, order, got, want)
					}
					checked++
				}
			}
		}
	}
	t.Logf("%d orderings of up to 5 parents", checked)
}

// decideOnce resolves the edges in order and returns the first decision; a
// later one must not differ from it.
func decideOnce(join job.Join, outcomes []edgeOutcome, order []int) Decision {
	c := Counts{Unresolved: len(outcomes)}
	for _, i := range order {
		c.resolve(outcomes[i].state, outcomes[i].optional)
		if d := Decide(join, c); d != Wait {
			return d
		}
	}
	return Wait
}

// expected is the table of joins, read off all outcomes at once.
func expected(join job.Join, outcomes []edgeOutcome) Decision {
	active, inactive, broken := 0, 0, 0
	for _, o := range outcomes {
		switch {
		case o.state == EdgeActive:
			active++
		case o.optional:
		case o.state == EdgeInactive:
			inactive++
		default:
			broken++
		}
	}
	need := map[job.JoinRule]int{job.JoinAny: 1, job.JoinQuorum: join.Quorum}[join.Rule]
	switch {
	case join.Rule == job.JoinDone:
		return Run
	case need > 0 && active >= need:
		return Run
	case broken > 0:
		return FailFromUpstream
	case join.Rule == job.JoinMerge && active > 0:
		return Run
	case (join.Rule == "" || join.Rule == job.JoinAll) && inactive == 0:
		return Run
	}
	return Skip
}

func permutations(n int) [][]int {
	if n == 0 {
		return [][]int{{}}
	}
	var all [][]int
	for _, shorter := range permutations(n - 1) {
		for at := range n {
			p := append([]int{}, shorter[:at]...)
			p = append(p, n-1)
			all = append(all, append(p, shorter[at:]...))
		}
	}
	return all
}

func combinations(n int) [][]edgeOutcome {
	if n == 0 {
		return [][]edgeOutcome{{}}
	}
	var all [][]edgeOutcome
	for _, shorter := range combinations(n - 1) {
		for _, o := range edgeOutcomes {
			all = append(all, append(append([]edgeOutcome{}, shorter...), o))
		}
	}
	return all
}

func TestAnEdgeSettlesByWhatItsParentBecame(t *testing.T) {
	rows := []struct {
		parent                 job.Status
		success, failure, done EdgeState
	}{
		{job.Completed, EdgeActive, EdgeInactive, EdgeActive},
		{job.Failed, EdgeBroken, EdgeActive, EdgeActive},
		{job.Dead, EdgeBroken, EdgeActive, EdgeActive},
		{job.TimedOut, EdgeBroken, EdgeActive, EdgeActive},
		{job.UpstreamFailed, EdgeBroken, EdgeActive, EdgeActive},
		{job.Cancelled, EdgeBroken, EdgeInactive, EdgeActive},
		{job.Skipped, EdgeInactive, EdgeInactive, EdgeActive},
	}
	if len(rows) != len(job.TerminalStatuses) {
		t.Fatalf("the table has %d rows for %d terminal statuses", len(rows), len(job.TerminalStatuses))
	}
	for _, r := range rows {
		for on, want := range map[job.On]EdgeState{"": r.success, job.OnSuccess: r.success, job.OnFailure: r.failure, job.OnDone: r.done} {
			if got := Settle(on, r.parent); got != want {
				t.Errorf("on %q with a %s parent: got %s, want %s", on, r.parent, got, want)
			}
		}
	}
}
