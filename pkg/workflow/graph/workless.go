package graph

import (
	"fmt"
	"strings"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// Describe fills in what a job is that has no work of its own; both may be nil.
func (n *Node) Describe(g *job.Gate, p *workflow.Parts) {
	if g != nil {
		n.Gate = g.Type
		switch {
		case g.Wait > 0:
			n.About = briefly(g.Wait)
		case !g.Until.IsZero():
			n.About = "until " + g.Until.UTC().Format(time.RFC3339)
		case g.ExpiresAfter > 0:
			n.About = "for " + briefly(g.ExpiresAfter)
		}
	}
	if p == nil {
		return
	}
	n.Parts = p.Kind
	switch p.Kind {
	case workflow.PartsMap:
		n.About = "over " + beginning(strings.Join(strings.Fields(p.Over), " "), maxCondition)
		if p.MaxParallel > 0 {
			n.About += fmt.Sprintf(", %d at once", p.MaxParallel)
		}
	case workflow.PartsBatch:
		if p.Workflow != nil {
			n.About = "of " + count(len(p.Workflow.Jobs), "item", "items")
		}
	case workflow.PartsWorkflow:
		if p.Workflow != nil {
			n.About = "of " + count(len(p.Workflow.Jobs), "job", "jobs")
		}
	}
}

// briefly writes a time without the zeros at its end: 10m, not 10m0s.
func briefly(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// queue is where its work is; what has none is on no queue that matters.
func (n Node) queue() string {
	if n.Gate != "" || n.Parts == workflow.PartsWorkflow {
		return ""
	}
	return n.Queue
}

// workless says what a node is that has no work of its own.
func (n Node) workless() string {
	what := string(n.Gate)
	if n.Parts != "" {
		what = string(n.Parts)
	}
	if what != "" && n.About != "" {
		what += " " + n.About
	}
	return what
}

// many reports whether a node stands for items.
func (n Node) many() bool { return n.Parts == workflow.PartsBatch || n.Parts == workflow.PartsMap }
