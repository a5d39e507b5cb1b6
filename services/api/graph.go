package api

import (
	"context"
	"io"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
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
	s := stored{
		api:   a,
		graph: graph.Graph{Name: w.Name, Nodes: make([]graph.Node, 0, w.Tally.Total), Edges: []graph.Edge{}},
		at:    make(map[job.ID]int32, w.Tally.Total),
	}
	queues := make(map[string]string) // each held once
	err := store.EachJob(ctx, a.store, w.ID, func(j store.JobRecord) error {
		if _, seen := queues[j.Queue]; !seen {
			queues[j.Queue] = j.Queue
		}
		s.at[j.ID] = int32(len(s.graph.Nodes))
		s.ids, s.parents = append(s.ids, j.ID), append(s.parents, j.DependsOn)
		n := graph.Node{
			ID: j.ID.String(), Name: j.Name, Queue: queues[j.Queue], Status: j.Status,
			Condition: j.Condition, AllowFailure: j.AllowFailure, Catch: j.Catch, Finally: j.Finally, Decision: j.Decision,
		}
		if g := j.Gate; g != nil {
			n.Gate = g.Type
			if !j.Status.Terminal() && !g.ExpiresAt.IsZero() {
				n.Describe(&job.Gate{Type: g.Type, Until: g.ExpiresAt}, nil)
			}
		}
		if p := j.Parts; p != nil {
			n.MadeOf(p.Kind, p.Over, p.MaxParallel, p.Tally.Total)
		}
		s.graph.Nodes = append(s.graph.Nodes, n)
		return nil
	})
	if err != nil {
		return graph.Graph{}, err
	}
	err = s.edges(ctx)
	return s.graph, err
}

// stored is a graph in the making.
type stored struct {
	api     *API
	graph   graph.Graph
	at      map[job.ID]int32 // in graph.Nodes
	ids     []job.ID         // of the jobs of the workflow, in their order
	parents [][]job.ID       // parallel to ids
}

// edgesAtOnce is how many edges are held beside the graph, unless one job has
// more.
const edgesAtOnce = 10_000

// edges adds the edges of all jobs, job by job in the order of their
// dependencies.
func (s *stored) edges(ctx context.Context) error {
	for from := 0; from < len(s.ids); {
		to, count := from, 0
		for to < len(s.ids) && (to == from || count+len(s.parents[to]) <= edgesAtOnce) {
			count += len(s.parents[to])
			to++
		}
		if err := s.edgesInto(ctx, from, to); err != nil {
			return err
		}
		from = to
	}
	return nil
}

func (s *stored) edgesInto(ctx context.Context, from, to int) error {
	list, err := s.api.store.EdgesInto(ctx, s.ids[from:to])
	if err != nil {
		return err
	}
	type ends struct{ parent, child job.ID }
	found := make(map[ends]store.EdgeRecord, len(list))
	for _, e := range list {
		found[ends{e.Parent, e.Child}] = e
	}
	for child := from; child < to; child++ {
		for _, parent := range s.parents[child] {
			e, ok := found[ends{parent, s.ids[child]}]
			if !ok {
				continue // the workflow is being deleted
			}
			if e.Join.Rule != job.JoinAll {
				s.graph.Nodes[child].Join = e.Join
			}
			s.graph.Edges = append(s.graph.Edges, graph.Edge{
				From: s.name(parent), To: s.graph.Nodes[child].Name, On: e.On, Optional: e.Optional, Spawned: e.Spawned, State: e.State,
			})
		}
	}
	return nil
}

// name returns the name of a node. One that is not known yet is outside of the
// workflow.
func (s *stored) name(id job.ID) string {
	i, known := s.at[id]
	if !known {
		i = int32(len(s.graph.Nodes))
		s.at[id] = i
		s.graph.Nodes = append(s.graph.Nodes, graph.Node{ID: id.String(), Name: id.String()})
	}
	return s.graph.Nodes[i].Name
}
