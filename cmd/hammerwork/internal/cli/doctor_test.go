package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/wire"
)

func TestDoctorCountsOnlyWorkersThatTakeJobs(t *testing.T) {
	now := time.Now()
	recent, old := now.Add(-store.WorkerSilent/2), now.Add(-store.WorkerSilent-time.Second)
	alive, dead, drains := wire.Worker{LastSeenAt: &recent}, wire.Worker{LastSeenAt: &old}, wire.Worker{LastSeenAt: &recent, Draining: true}
	for _, c := range []struct {
		workers        []wire.Worker
		status, detail string
	}{
		{nil, "warning", "0 workers"},
		{[]wire.Worker{dead, drains}, "warning", "0 workers"},
		{[]wire.Worker{dead, alive, drains}, "ok", "1 worker "},
	} {
		got := checkWorkers(c.workers, now)
		if got.Status != c.status || !strings.HasPrefix(got.Detail, c.detail) || (got.Hint == "") != (c.status == "ok") {
			t.Errorf("of %d workers it found %+v", len(c.workers), got)
		}
	}
}
