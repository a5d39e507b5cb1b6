package sqlstore

import (
	"bytes"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

func TestATickOfAScheduleHasAnInstanceOfItsOwn(t *testing.T) {
	s, other, now := job.NewID(), job.NewID(), time.Now().UnixMicro()
	id := instanceID(s, 1, now)
	if id != instanceID(s, 1, now) || id == instanceID(s, 2, now) || id == instanceID(other, 1, now) {
		t.Error("the id does not follow from the schedule and the tick")
	}
	if after := instanceID(s, 1, now+1000); bytes.Compare(id[:], after[:]) >= 0 {
		t.Error("ids are not in the order of their making")
	}
}

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
