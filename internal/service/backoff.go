package service

import "time"

// Backoff returns how long to wait after failed try n (from 1) of something
// inside the engine: 100 ms doubling to 5 s, with full jitter above half.
// random is uniform in [0, 1).
func Backoff(n int, random float64) time.Duration {
	d := 100 * time.Millisecond << min(max(n-1, 0), 6)
	d = min(d, 5*time.Second)
	return d/2 + time.Duration(float64(d/2)*random)
}
