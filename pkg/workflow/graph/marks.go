package graph

import (
	"fmt"
	"strings"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// maxCondition is how many characters of a condition are shown.
const maxCondition = 40

// marks are what distinguishes a node from one that runs when all its parents
// have completed.
func (n Node) marks() []string {
	var marks []string
	if what := n.workless(); what != "" {
		marks = append(marks, what)
	}
	switch rule := n.Join.Rule.Canonical(); rule {
	case job.JoinAll:
	case job.JoinQuorum:
		marks = append(marks, fmt.Sprintf("join: quorum %d", n.Join.Quorum))
	default:
		marks = append(marks, "join: "+string(rule))
	}
	if n.Condition != "" {
		marks = append(marks, "if "+beginning(strings.Join(strings.Fields(n.Condition), " "), maxCondition))
	}
	for _, m := range []struct {
		is   bool
		mark string
	}{
		{n.AllowFailure, "may fail"},
		{n.Catch, "catch"},
		{n.Finally, "finally"},
		{n.Decision == workflow.Undecided, "undecided"},
		{n.Decision != "" && n.Decision != workflow.Undecided, "decided: " + string(n.Decision)},
	} {
		if m.is {
			marks = append(marks, m.mark)
		}
	}
	return marks
}

// beginning cuts a text at its end.
func beginning(s string, limit int) string {
	if r := []rune(s); len(r) > limit {
		return string(r[:limit-1]) + "…"
	}
	return s
}

// label says what an edge asks for when that is not success, and that it was
// spawned with its child.
func (e Edge) label() string {
	var parts []string
	if e.On != "" && e.On != job.OnSuccess {
		parts = append(parts, string(e.On))
	}
	if e.Optional {
		parts = append(parts, "optional")
	}
	if e.Spawned {
		parts = append(parts, "spawns")
	}
	return strings.Join(parts, ", ")
}

// onFailureColour is that of edges that wait for a failure and have no state
// yet which has a colour of its own.
const onFailureColour = "#bc4c00"
