package api

import (
	"context"
	"io"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/graph"
)

// graphTypes are the media types of the formats.
var graphTypes = map[graph.Format]string{
	graph.JSON:    "application/json",
	graph.SVG:     "image/svg+xml",
	graph.Dot:     "text/vnd.graphviz; charset=utf-8",
	graph.Mermaid: "text/vnd.mermaid; charset=utf-8",
	graph.Text:    "text/plain; charset=utf-8",
}

func graphResponse() *huma.Response {
	r := &huma.Response{Description: "The graph in the format that was asked for.", Content: map[string]*huma.MediaType{}}
	for format, kind := range graphTypes {
		schema := &huma.Schema{Type: "string"}
		if format == graph.JSON {
			schema = &huma.Schema{Type: "object"}
		}
		r.Content[kind] = &huma.MediaType{Schema: schema}
	}
	return r
}

type graphInput struct {
	Identified
	Format string `query:"format" default:"json" enum:"json,dot,mermaid,svg,text" doc:"How it is drawn."`
}

func (a *API) getGraph(ctx context.Context, in *graphInput) (*huma.StreamResponse, error) {
	w, err := a.workflow(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	g, err := a.graphOf(ctx, w)
	if err != nil {
		return nil, err
	}
	format := graph.Format(in.Format)
	if err := graph.Check(g, format); err != nil {
		return nil, newProblem(wire.CodeTooLarge, "ask for another format", "%v", err)
	}
	return a.stream(graphTypes[format], func(_ context.Context, to io.Writer) error { return graph.Write(to, g, format) }), nil
}

// graphOf reads a stored workflow as it stands. A parent outside of it is a
// node named by its id whose status is not known.
func (a *API) graphOf(ctx context.Context, w store.WorkflowRecord) (graph.Graph, error) {
	g := graph.Graph{Name: w.Name, Nodes: make([]graph.Node, 0, w.Tally.Total), Edges: []graph.Edge{}}
	at := make(map[job.ID]int32, w.Tally.Total) // in g.Nodes
	queues := make(map[string]string)           // each held once
	var parents [][]job.ID                      // parallel to g.Nodes
	err := store.EachJob(ctx, a.store, w.ID, func(j store.JobRecord) error {
		if _, seen := queues[j.Queue]; !seen {
			queues[j.Queue] = j.Queue
		}
		at[j.ID] = int32(len(g.Nodes))
		g.Nodes = append(g.Nodes, graph.Node{ID: j.ID.String(), Name: j.Name, Queue: queues[j.Queue], Status: j.Status})
		parents = append(parents, j.DependsOn)
		return nil
	})
	if err != nil {
		return graph.Graph{}, err
	}
	for child, list := range parents {
		for _, id := range list {
			i, known := at[id]
			if !known {
				i = int32(len(g.Nodes))
				at[id] = i
				g.Nodes = append(g.Nodes, graph.Node{ID: id.String(), Name: id.String()})
			}
			parent := g.Nodes[i]
			e := graph.Edge{From: parent.Name, To: g.Nodes[child].Name, On: job.OnSuccess, State: workflow.EdgeUnresolved}
			if parent.Status.Terminal() {
				e.State = workflow.Settle(e.On, parent.Status)
			}
			g.Edges = append(g.Edges, e)
		}
	}
	return g, nil
}
