package timing

import (
	"slices"
	"time"
)

// Remaining is how long a workflow may still take.
type Remaining struct {
	P50  time.Duration // half of the runs like it needed no longer
	P90  time.Duration // nine of ten
	Runs int           // earlier runs this is known from; 0: nothing is known
	Over bool          // it takes longer than any of them took: P50 and P90 are 0
}

// Remain says how long a workflow that has taken elapsed may still take, by how
// long earlier runs took: by those that took longer than that.
func Remain(elapsed time.Duration, earlier []time.Duration) Remaining {
	r := Remaining{Runs: len(earlier)}
	var left []time.Duration
	for _, took := range earlier {
		if took > elapsed {
			left = append(left, took-elapsed)
		}
	}
	slices.Sort(left)
	r.Over = len(earlier) > 0 && len(left) == 0
	if len(left) > 0 {
		r.P50, r.P90 = left[(len(left)-1)/2], left[(len(left)*9+9)/10-1]
	}
	return r
}

// Median returns the middle one of durations, the lower of two, or Never.
func Median(list []time.Duration) time.Duration {
	if len(list) == 0 {
		return Never
	}
	sorted := slices.Sorted(slices.Values(list))
	return sorted[(len(sorted)-1)/2]
}
