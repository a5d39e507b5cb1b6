package workflow

import (
	"testing"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// checkChanges checks what holds after every resolution of a whole graph.
func checkChanges(t *testing.T, p *Part, c Changes) {
	t.Helper()
	for what, list := range map[string][]int{"Ended": c.Ended, "Edges": c.Edges, "Counted": c.Counted, "Runnable": c.Runnable, "Workflows": c.Workflows, "Suspended": c.Suspended, "Reset": c.Reset} {
		seen := make(map[int]bool)
		for _, i := range list {
			if seen[i] {
				t.Fatalf("%s has %d twice", what, i)
			}
			seen[i] = true
		}
	}
	ended := make(map[int]bool)
	for _, i := range c.Ended {
		ended[i] = true
		if !p.Nodes[i].Status.Terminal() || p.Nodes[i].Held {
			t.Fatalf("node %d ended as %s, held %v", i, p.Nodes[i].Status, p.Nodes[i].Held)
		}
	}
	for _, i := range c.Counted {
		if ended[i] {
			t.Fatalf("node %d is in Ended and in Counted", i)
		}
	}
	for _, i := range c.Runnable {
		if n := p.Nodes[i]; n.Status.Terminal() || n.Deps == job.Waiting {
			t.Fatalf("node %d may run but is %s, %s", i, n.Status, n.Deps)
		}
	}
	for _, i := range c.Suspended {
		if n := p.Nodes[i]; n.Status != job.Suspended || !n.suspends() || n.Deps == job.Waiting || n.Held != (n.Parts != "") {
			t.Fatalf("node %d waits for what is no worker, but is %s, %s, held %v", i, n.Status, n.Deps, n.Held)
		}
	}
	checkGraph(t, p)
}

// checkGraph compares every counter with what it counts.
func checkGraph(t *testing.T, p *Part) {
	t.Helper()
	counts := make([]Counts, len(p.Nodes))
	for i, e := range p.Edges {
		if e.State == EdgeUnresolved && p.Nodes[e.Parent].Settles() {
			t.Fatalf("edge %d is %s, its parent %s", i, e.State, p.Nodes[e.Parent].Status)
		}
		counts[e.Child].Unresolved++
		if e.State != EdgeUnresolved {
			counts[e.Child].resolve(e.State, e.Optional)
		}
	}
	tallies, inFlight := make([]Tally, len(p.Workflows)), make([]int, len(p.Workflows))
	for i, n := range p.Nodes {
		if n.Counts != counts[i] {
			t.Fatalf("node %d counts %+v, its edges say %+v", i, n.Counts, counts[i])
		}
		if n.Status.Terminal() && n.Deps == job.Waiting {
			t.Fatalf("node %d is %s and still waits", i, n.Status)
		}
		if n.Workflow >= 0 {
			tallies[n.Workflow].Total++
			if !n.Status.Terminal() && n.Deps != job.Waiting {
				inFlight[n.Workflow]++
			}
			if n.Status.Terminal() {
				*tallies[n.Workflow].Of(n.Status)++
			}
		}
	}
	for i, h := range p.Workflows {
		if h.Tally != tallies[i] {
			t.Fatalf("workflow %d counts %+v, its jobs say %+v", i, h.Tally, tallies[i])
		}
		if h.MaxParallel > 0 && (h.InFlight != inFlight[i] || h.InFlight > h.MaxParallel) {
			t.Fatalf("workflow %d counts %d in flight of %d, its jobs say %d", i, h.InFlight, h.MaxParallel, inFlight[i])
		}
		if h.Status.Terminal() != (h.Tally.Ended() == h.Tally.Total && h.Undecided == 0) {
			t.Fatalf("workflow %d is %s with %d of %d ended", i, h.Status, h.Tally.Ended(), h.Tally.Total)
		}
	}
}
