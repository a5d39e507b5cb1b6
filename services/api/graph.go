package api

import (
	"bytes"
	"context"
	"errors"

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

func (a *API) getGraph(ctx context.Context, in *graphInput) (*raw, error) {
	w, err := a.workflow(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	jobs, err := a.jobsOf(ctx, w.ID)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	format := graph.Format(in.Format)
	err = graph.Write(&b, graphOf(w, jobs), format)
	if errors.Is(err, graph.ErrTooLarge) {
		return nil, newProblem(wire.CodeTooLarge, "ask for another format", "%v", err)
	}
	if err != nil {
		return nil, newProblem(wire.CodeInternal, "ask for another format", "the graph cannot be drawn")
	}
	return &raw{ContentType: graphTypes[format], Body: b.Bytes()}, nil
}

// graphOf is a stored workflow as it stands. A parent outside of it is a node
// named by its id whose status is not known.
func graphOf(w store.WorkflowRecord, jobs []store.JobRecord) graph.Graph {
	g := graph.Graph{Name: w.Name, Nodes: make([]graph.Node, 0, len(jobs)), Edges: []graph.Edge{}}
	nodes := make(map[job.ID]graph.Node, len(jobs))
	for _, j := range jobs {
		n := graph.Node{ID: j.ID.String(), Name: j.Name, Queue: j.Queue, Status: j.Status}
		nodes[j.ID] = n
		g.Nodes = append(g.Nodes, n)
	}
	for _, j := range jobs {
		for _, id := range j.DependsOn {
			parent, known := nodes[id]
			if !known {
				parent = graph.Node{ID: id.String(), Name: id.String()}
				nodes[id] = parent
				g.Nodes = append(g.Nodes, parent)
			}
			e := graph.Edge{From: parent.Name, To: j.Name, On: job.OnSuccess, State: workflow.EdgeUnresolved}
			if parent.Status.Terminal() {
				e.State = workflow.Settle(e.On, parent.Status)
			}
			g.Edges = append(g.Edges, e)
		}
	}
	return g
}
