package graph

import (
	"encoding/json"
	"io"
)

func writeJSON(w io.Writer, g Graph) error {
	if g.Nodes == nil {
		g.Nodes = []Node{}
	}
	if g.Edges == nil {
		g.Edges = []Edge{}
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(g)
}
