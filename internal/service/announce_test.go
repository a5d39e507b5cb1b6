package service_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

func TestAnAnnouncementGroupsStopSignalsByWorkerAndBoundsItsMessages(t *testing.T) {
	held := func(worker string, n byte) store.Held {
		return store.Held{Worker: worker, Fence: job.Fence{Job: job.ID{n}, Lease: job.ID{100 + n}}}
	}
	r := store.Resolution{Control: []store.Held{held("a", 1), held("b", 2), held("a", 3)}}
	for range 450 { // every character takes six bytes in JSON
		r.Jobs = append(r.Jobs, store.JobEvent{Name: strings.Repeat("\u2028", job.MaxName), Error: strings.Repeat("\x1b", job.MaxError)})
	}
	controls := map[string]bus.Control{}
	var sizes []int
	for _, a := range service.Announce(service.NewSource(), r) {
		p := a.(service.Publish)
		if p.Subject == bus.EventSubject("job") {
			e, err := bus.Decode[bus.Event](p.Data)
			if err != nil {
				t.Fatal(err)
			}
			sizes = append(sizes, len(e.Body.Jobs))
			if len(p.Data) > 1<<20 {
				t.Errorf("a message of %d bytes", len(p.Data))
			}
			continue
		}
		e, err := bus.Decode[bus.Control](p.Data)
		if err != nil {
			t.Fatal(err)
		}
		controls[p.Subject] = e.Body
	}
	want := map[string]bus.Control{
		bus.ControlSubject("a"): {Cancelled: []bus.LeaseJob{{Lease: job.ID{101}, Job: job.ID{1}}, {Lease: job.ID{103}, Job: job.ID{3}}}},
		bus.ControlSubject("b"): {Cancelled: []bus.LeaseJob{{Lease: job.ID{102}, Job: job.ID{2}}}},
	}
	if !reflect.DeepEqual(controls, want) {
		t.Errorf("stop signals %v, want %v", controls, want)
	}
	equal(t, "jobs per event", fmt.Sprint(sizes), "[200 200 50]")
}
