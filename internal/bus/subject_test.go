package bus_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/pkg/job"
)

func TestSubjectsAreTheDocumentedOnes(t *testing.T) {
	for got, want := range map[string]string{
		bus.PullSubject("w-1"):         "hw.v1.pull.w-1",
		bus.HeartbeatSubject("w.1"):    "hw.v1.heartbeat.w=2E1",
		bus.FetchSubject(""):           "hw.v1.fetch.=",
		bus.DeliverSubject("="):        "hw.v1.deliver.=3D",
		bus.ControlSubject("*"):        "hw.v1.control.=2A",
		bus.ReadySubject("ü"):          "hw.v1.ready.=C3=BC",
		bus.ReadySubject("\n"):         "hw.v1.ready.=0A",
		bus.EventSubject("job"):        "hw.v1.event.job",
		bus.CompletedSubject(63, "w>"): "hw.v1.completed.63.w=3E",
		bus.AnyCompletedSubject("w>"):  "hw.v1.completed.any.w=3E",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestThePatternsReachTheirSubjects(t *testing.T) {
	for pattern, subject := range map[string]string{
		bus.AllPulls:       bus.PullSubject("a.b"),
		bus.AllHeartbeats:  bus.HeartbeatSubject("a.b"),
		bus.AllFetches:     bus.FetchSubject(""),
		bus.AllCompleted:   bus.CompletedSubject(7, "a.b"),
		bus.AnyCompleted:   bus.AnyCompletedSubject("a.b"),
		bus.CompletedOf(7): bus.CompletedSubject(7, "a.b"),
		bus.AllReady:       bus.ReadySubject(">"),
		bus.AllEvents:      bus.EventSubject("*"),
	} {
		if !bus.Match(pattern, subject) {
			t.Errorf("%s does not reach %s", pattern, subject)
		}
	}
}

// Replicas of different versions must agree on these.
func TestThePartitionOfAnIDNeverChanges(t *testing.T) {
	for text, want := range map[string]int{
		"00000000-0000-0000-0000-000000000000": 5,
		"00000000-0000-0000-0000-000000000001": 50,
		"01932c3e-7b5a-7cc1-8f00-1234567890ab": 43,
		"ffffffff-ffff-ffff-ffff-ffffffffffff": 53,
		"6ba7b810-9dad-11d1-80b4-00c04fd430c8": 28,
	} {
		if got := bus.PartitionOf(uuid.MustParse(text), job.ID{}); got != want {
			t.Errorf("PartitionOf(%s) = %d, want %d", text, got, want)
		}
	}
}

func TestTheWorkflowChoosesThePartitionAndTheLeaseWithoutOne(t *testing.T) {
	workflow, lease := job.NewID(), job.NewID()
	if bus.PartitionOf(workflow, lease) != bus.PartitionOf(workflow, job.ID{}) {
		t.Error("the lease moved a workflow's partition")
	}
	if bus.PartitionOf(job.ID{}, lease) != bus.PartitionOf(lease, job.ID{}) {
		t.Error("without a workflow the lease does not choose")
	}
	seen := map[int]bool{}
	for range 10_000 {
		p := bus.PartitionOf(job.NewID(), job.ID{})
		if p < 0 || p >= bus.Partitions {
			t.Fatalf("partition %d", p)
		}
		seen[p] = true
	}
	if len(seen) != bus.Partitions {
		t.Errorf("10,000 ids fall into %d partitions", len(seen))
	}
}

func TestASubjectIsParsedIntoWhatItWasMadeOf(t *testing.T) {
	for subject, want := range map[string][2]string{
		bus.PullSubject("a b"):       {"pull", "a=20b"},
		bus.CompletedSubject(7, "w"): {"completed", "7.w"},
		bus.AnyCompletedSubject("w"): {"completed", "any.w"},
		bus.CheckEdges:               {"check", ""},
	} {
		if kind, rest, ok := bus.Parse(subject); !ok || kind != want[0] || rest != want[1] {
			t.Errorf("%s is %q, %q, %t", subject, kind, rest, ok)
		}
	}
	for _, foreign := range []string{"", "_INBOX.x.y", "hw.v2.pull.w", "xhw.v1.pull.w"} {
		if kind, _, ok := bus.Parse(foreign); ok {
			t.Errorf("%q is taken for a %q", foreign, kind)
		}
	}
}
