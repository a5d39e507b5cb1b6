package sqlstore

import (
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
)

func TestTriggersOfTheSameMicrosecondGetTimesOfTheirOwn(t *testing.T) {
	var known []store.TickRecord // the newest first
	for _, want := range []int64{5_000_001, 5_000_002, 5_000_003, 5_000_004} {
		at := triggerTime(5_000_000, known)
		if at != want {
			t.Errorf("got %d, want %d", at, want)
		}
		known = append([]store.TickRecord{{At: time.UnixMicro(at)}}, known...)
	}
}
