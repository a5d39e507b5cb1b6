package sqlstore

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/hammerwork/hammerwork/pkg/job"
)

func TestEveryRoundGivesEachPriorityItsWeight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w job.Weights
		for p := range w {
			w[p] = rapid.IntRange(1, 30).Draw(t, "weight")
		}
		all := turns{random: func() float64 { return rapid.Float64Range(0, 0.999).Draw(t, "start") }}
		var got job.Weights
		for got.Total() < w.Total() {
			n := min(rapid.IntRange(1, 20).Draw(t, "turns"), w.Total()-got.Total())
			used := all.ahead("q", w, n)
			all.took("q", w, used)
			for _, p := range used {
				got[p]++
			}
		}
		if got != w {
			t.Fatalf("a round of %v gave %v", w, got)
		}
	})
}

func TestSharesHoldOnAverageWhenWhatIsRememberedIsLostEachTime(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	w := job.Weights{1, 2, 4, 8, 16}
	var got job.Weights
	for range 100_000 {
		got[(&turns{random: random.Float64}).ahead("q", w, 1)[0]]++
	}
	for p, n := range got {
		if share := float64(w[p]) / float64(w.Total()) * float64(got.Total()); math.Abs(float64(n)-share) > share/20 {
			t.Errorf("%s got %d turns of %d, not about %.0f", job.Priority(p), n, got.Total(), share)
		}
	}
}

func TestATurnThatTwoClaimsTookIsMadeUpFor(t *testing.T) {
	w := job.Weights{1, 1, 1, 1, 4}
	all := turns{random: func() float64 { return 0 }}
	var got job.Weights
	for range 100 { // both look before one of them commits
		one, two := all.ahead("q", w, 3), all.ahead("q", w, 3)
		for _, used := range [][]job.Priority{one, two} {
			all.took("q", w, used)
			for _, p := range used {
				got[p]++
			}
		}
	}
	for p, n := range got {
		if share := float64(600*w[p]) / float64(w.Total()); math.Abs(float64(n)-share) > 6 {
			t.Errorf("%s got %d turns, not about %.0f", job.Priority(p), n, share)
		}
	}
}

func TestNewWeightsBeginANewRoundAndTheMemoryIsBounded(t *testing.T) {
	all := turns{random: func() float64 { return 0 }}
	all.ahead("q", job.Weights{1, 1, 1, 1, 1}, 1)
	if first := all.ahead("q", job.Weights{1, 1, 9, 1, 1}, 1)[0]; first != job.Normal {
		t.Errorf("the first turn is %s's", first)
	}
	for i := range maxTurns + 10 {
		all.ahead(string(rune(i)), job.Weights{1, 1, 1, 1, 1}, 1)
	}
	if n := len(all.queues); n > maxTurns {
		t.Errorf("%d queues are remembered", n)
	}
}
