package graph

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// Graph is the structure of a workflow, and how far it is when statuses are
// filled in.
type Graph struct {
	Name  string `json:"name"`
	Nodes []Node `json:"nodes"`
	Edges []Edge `json:"edges"`
}

// Node is a job.
type Node struct {
	ID     string     `json:"id"`
	Name   string     `json:"name"` // unique
	Queue  string     `json:"queue"`
	Status job.Status `json:"status"` // empty: the structure alone

	Join         job.Join        `json:"join,omitzero"`           // zero: all
	Condition    string          `json:"condition,omitempty"`     // empty: none
	AllowFailure bool            `json:"allow_failure,omitempty"` // its failure does not count
	Catch        bool            `json:"catch,omitempty"`         // it absolves failures
	Finally      bool            `json:"finally,omitempty"`       // it runs after all others
	Decision     workflow.Action `json:"decision,omitempty"`      // about its failure; empty: none was asked for

	Gate  job.GateType       `json:"gate,omitempty"`  // what it waits for instead of work; empty: it is no gate
	Parts workflow.PartsKind `json:"parts,omitempty"` // what it is made of instead; empty: of nothing
	About string             `json:"about,omitempty"` // of a gate or of parts, in a few words
}

// Edge is a dependency between two nodes, given by their names. An edge of an
// unknown name is left out of drawings.
type Edge struct {
	From     string             `json:"from"` // the parent
	To       string             `json:"to"`
	On       job.On             `json:"on"`
	Optional bool               `json:"optional"`
	Spawned  bool               `json:"spawned,omitempty"` // the handler of From spawned To
	State    workflow.EdgeState `json:"state"`             // empty: the structure alone
}

// Format names how a graph is written.
type Format string

// The formats.
const (
	Dot     Format = "dot"
	Mermaid Format = "mermaid"
	JSON    Format = "json"
	SVG     Format = "svg"
	Text    Format = "text"
)

// Formats lists every format.
var Formats = []Format{Dot, Mermaid, JSON, SVG, Text}

// ParseFormat reads a format's name.
func ParseFormat(s string) (Format, error) {
	if f := Format(s); slices.Contains(Formats, f) {
		return f, nil
	}
	names := make([]string, len(Formats))
	for i, f := range Formats {
		names[i] = string(f)
	}
	return "", fmt.Errorf("unknown graph format %q; it is one of %s", s, strings.Join(names, ", "))
}

// FromWorkflow returns the structure of a validated workflow. Parents outside
// of it are nodes without a queue, named by their id.
func FromWorkflow(w *workflow.Workflow) Graph {
	g := Graph{Name: w.Name, Nodes: []Node{}, Edges: []Edge{}}
	names := make(map[job.ID]string, len(w.Jobs))
	for _, j := range w.Jobs {
		names[j.ID] = j.Name
		n := Node{
			ID: j.ID.String(), Name: j.Name, Queue: j.Queue,
			Join: j.Join, Condition: j.Condition, AllowFailure: j.AllowFailure, Catch: j.Catch, Finally: j.Finally,
		}
		n.Describe(j.Gate, workflow.PartsOf(j))
		if n.Join.Rule == job.JoinAll {
			n.Join = job.Join{}
		}
		g.Nodes = append(g.Nodes, n)
	}
	for _, j := range w.Jobs {
		for _, d := range j.DependsOn {
			parent, known := names[d.Parent]
			if !known {
				parent = d.Parent.String()
				names[d.Parent] = parent
				g.Nodes = append(g.Nodes, Node{ID: parent, Name: parent})
			}
			on := d.On
			if on == "" {
				on = job.OnSuccess
			}
			g.Edges = append(g.Edges, Edge{From: parent, To: j.Name, On: on, Optional: d.Optional})
		}
	}
	return g
}

// Write writes g. It returns the first error of w, or ErrTooLarge.
func Write(w io.Writer, g Graph, f Format) error {
	switch f {
	case Dot:
		return writeDot(w, g)
	case Mermaid:
		return writeMermaid(w, g)
	case JSON:
		return writeJSON(w, g)
	case SVG:
		return writeSVG(w, g)
	case Text:
		return writeText(w, g)
	}
	_, err := ParseFormat(string(f))
	return err
}
