package dispatcher_test

import (
	"testing"

	"github.com/hammerwork/hammerwork/internal/store"
)

func TestAHeartbeatThatIsSentAgainTakesThePlaceOfTheOneThatWaits(t *testing.T) {
	r := newRig(t)
	stored := 0
	r.extend = func(beats []store.Beat) ([]store.Beaten, error) {
		stored += len(beats)
		return make([]store.Beaten, len(beats)), nil
	}
	r.heartbeat("a", "reply-1", number(1))
	r.finish("extend")
	r.heartbeat("a", "reply-2", number(1)) // under way
	r.heartbeat("b", "reply-3", number(2))
	r.heartbeat("b", "reply-4", number(2))
	r.finish("extend")
	r.take()
	r.finish("extend")
	equal(t, "leases prolonged", stored, 3)
	sent := r.take()
	equal(t, "answers", len(sent), 1)
	equal(t, "answered", sent[0].Subject, "reply-4")
}
