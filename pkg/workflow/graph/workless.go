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
	jobs := 0
	if p.Workflow != nil {
		jobs = len(p.Workflow.Jobs)
	}
	n.MadeOf(p.Kind, p.Over, p.MaxParallel, jobs)
}

// MadeOf fills in what a job is made of: of so many jobs, 0 being unknown.
func (n *Node) MadeOf(kind workflow.PartsKind, over string, maxParallel, jobs int) {
	n.Parts, n.About = kind, ""
	var about []string
	if kind == workflow.PartsMap {
		about = append(about, "over "+beginning(strings.Join(strings.Fields(over), " "), maxCondition))
	}
	if maxParallel > 0 {
		about = append(about, fmt.Sprintf("%d at once", maxParallel))
	}
	switch {
	case jobs == 0:
	case kind == workflow.PartsMap:
		about = append(about, count(jobs, "item", "items"))
	case kind == workflow.PartsBatch:
		about = append(about, "of "+count(jobs, "item", "items"))
	default:
		about = append(about, "of "+count(jobs, "job", "jobs"))
	}
	n.About = strings.Join(about, ", ")
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
