package graph

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

var rewrite = flag.Bool("rewrite", false, "write what is drawn now into testdata")

func node(name, queue string, status job.Status) Node {
	return Node{ID: "id-" + name, Name: name, Queue: queue, Status: status}
}

func edge(from, to string) Edge { return Edge{From: from, To: to, On: job.OnSuccess} }

func chain() Graph {
	return Graph{
		Name: "chain",
		Nodes: []Node{
			node("extract", "etl", job.Completed), node("clean", "etl", job.Completed), node("transform", "etl", job.Running),
			node("load", "warehouse", job.Pending), node("report", "mail", job.Pending),
		},
		Edges: []Edge{
			{From: "extract", To: "clean", On: job.OnSuccess, State: workflow.EdgeActive},
			{From: "clean", To: "transform", On: job.OnSuccess, State: workflow.EdgeActive},
			{From: "transform", To: "load", On: job.OnSuccess, State: workflow.EdgeUnresolved},
			{From: "load", To: "report", On: job.OnDone, State: workflow.EdgeUnresolved},
		},
	}
}

func diamond() Graph {
	return Graph{
		Name: "diamond",
		Nodes: []Node{
			node("fetch", "io", ""), node("parse.left", "cpu", ""), node("parse-right", "cpu", ""), node("join", "cpu", ""), node("cleanup", "io", ""),
		},
		Edges: []Edge{
			edge("fetch", "parse.left"), edge("fetch", "parse-right"), edge("parse.left", "join"), edge("parse-right", "join"), edge("fetch", "join"),
			{From: "parse.left", To: "cleanup", On: job.OnFailure, Optional: true},
		},
	}
}

// spawning has jobs that a handler spawned.
func spawning() Graph {
	return Graph{
		Name: "spawning",
		Nodes: []Node{
			node("split", "etl", job.Completed), node("report", "mail", job.Pending),
			node("part-1", "etl", job.Completed), node("part-2", "etl", job.Running),
		},
		Edges: []Edge{
			{From: "split", To: "report", On: job.OnSuccess, State: workflow.EdgeActive},
			{From: "part-1", To: "report", On: job.OnSuccess, State: workflow.EdgeActive},
			{From: "part-2", To: "report", On: job.OnSuccess, State: workflow.EdgeUnresolved},
			{From: "split", To: "part-1", On: job.OnSuccess, Spawned: true, State: workflow.EdgeActive},
			{From: "split", To: "part-2", On: job.OnSuccess, Spawned: true, State: workflow.EdgeActive},
		},
	}
}

// rules has every kind of edge, join and role.
func rules() Graph {
	load := node("load", "warehouse", "")
	load.Condition = "deps.extract.result.rows > 0 &&\n\tdeps.check.status == 'completed'"
	check := node("check", "etl", "")
	check.AllowFailure = true
	first, most, tidy := node("first", "etl", ""), node("most", "etl", ""), node("tidy", "etl", "")
	first.Join.Rule, most.Join, tidy.Join.Rule = job.JoinAny, job.Join{Rule: job.JoinQuorum, Quorum: 2}, job.JoinDone
	undo, sweep := node("undo", "etl", ""), node("sweep", "ops", "")
	undo.Catch, sweep.Finally = true, true
	return Graph{
		Name:  "rules",
		Nodes: []Node{sweep, node("extract", "etl", ""), check, load, first, most, tidy, undo},
		Edges: []Edge{
			edge("extract", "check"), edge("extract", "load"), edge("check", "load"), edge("extract", "first"), edge("check", "first"),
			edge("extract", "most"), edge("check", "most"),
			{From: "load", To: "most", On: job.OnDone, Optional: true},
			{From: "load", To: "undo", On: job.OnFailure},
			{From: "load", To: "tidy", On: job.OnDone},
			{From: "most", To: "tidy", On: job.OnSuccess, Optional: true},
		},
	}
}

// workless has every kind of job that has no work of its own.
func workless() Graph {
	g := Graph{Name: "workless"}
	for _, n := range []struct {
		name  string
		gate  *job.Gate
		parts *workflow.Parts
	}{
		{"approve", &job.Gate{Type: job.GateApproval, ExpiresAfter: 24 * time.Hour}, nil},
		{"paid", &job.Gate{Type: job.GateSignal}, nil},
		{"settle", &job.Gate{Type: job.GateTimer, Wait: 90 * time.Minute}, nil},
		{"new-year", &job.Gate{Type: job.GateTimer, Until: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)}, nil},
		{"resize", nil, workflow.PartsOf(workflow.NewBatch("images", []any{1, 2, 3}))},
		{"deploy", nil, workflow.PartsOf(workflow.WithMaxParallel(workflow.NewMap("ops", "deps.regions.result\n.list", nil), 4))},
		{"report", nil, &workflow.Parts{Kind: workflow.PartsWorkflow, Workflow: workflow.NewWorkflow("").Add(job.New("q", nil))}},
	} {
		v := node(n.name, "queue", "")
		v.Describe(n.gate, n.parts)
		g.Nodes = append(g.Nodes, v)
	}
	g.Nodes[2].Status, g.Nodes[4].Status, g.Nodes[6].Status, g.Nodes[6].Catch = job.Suspended, job.Completed, job.Failed, true
	g.Edges = []Edge{edge("approve", "deploy"), edge("paid", "deploy"), edge("settle", "resize"), edge("resize", "report"), {From: "resize", To: "report", On: job.OnFailure}}
	return g
}

// stopped is a workflow in which something failed, with every end there is.
func stopped() Graph {
	g := Graph{Name: "stopped"}
	for _, s := range append([]job.Status{job.Retrying, job.Suspended}, job.TerminalStatuses...) {
		g.Nodes = append(g.Nodes, node(string(s)+"-job", "q", s))
	}
	ask, skip := node("ask", "q", job.Failed), node("skip", "q", job.Dead)
	ask.Decision, skip.Decision = workflow.Undecided, workflow.ActionSkip
	g.Nodes = append(g.Nodes, ask, skip)
	g.Edges = []Edge{
		{From: "failed-job", To: "upstream_failed-job", On: job.OnSuccess, State: workflow.EdgeBroken},
		{From: "failed-job", To: "completed-job", On: job.OnFailure, State: workflow.EdgeActive},
		{From: "completed-job", To: "skipped-job", On: job.OnFailure, State: workflow.EdgeInactive},
		{From: "dead-job", To: "retrying-job", On: job.OnDone, Optional: true, State: workflow.EdgeActive},
	}
	return g
}

// fan is one job, width jobs after it, each with one of its own, and one after
// them all.
func fan(width int) Graph {
	g := Graph{Name: fmt.Sprintf("fan-%d", width), Nodes: []Node{node("split", "prepare", "")}}
	total := node("total", "sum", "")
	for i := range width {
		work, check := fmt.Sprintf("work-%03d", i), fmt.Sprintf("check-%03d", i)
		g.Nodes = append(g.Nodes, node(work, "work", ""), node(check, "check", ""))
		g.Edges = append(g.Edges, edge("split", work), edge(work, check), edge(check, "total"))
	}
	g.Nodes = append(g.Nodes, total)
	return g
}

const nasty = `a"b\N<script>alert('x')</script>&amp;{}|[]#` + "`*_\n\x1b[31m\u202e%"

func hostile() Graph {
	return Graph{
		Name:  nasty,
		Nodes: []Node{{Name: "one", Queue: nasty, Status: `x" onload="alert(1)`, Condition: nasty, Join: job.Join{Rule: nasty}, Decision: nasty}, {Name: nasty, Queue: "q", Status: job.Failed}, {Name: "g", Gate: nasty, Parts: nasty, About: nasty}},
		Edges: []Edge{{From: "one", To: nasty, On: job.On(nasty), State: workflow.EdgeState(nasty)}, {From: "nobody", To: "one"}},
	}
}

func drawn(t *testing.T, g Graph, f Format) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, g, f); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestDrawingsLookAsTheyDidBefore(t *testing.T) {
	for _, g := range []Graph{chain(), diamond(), rules(), stopped(), workless(), spawning(), fan(92)} {
		for _, f := range Formats {
			if len(g.Nodes) > 20 && f != Text {
				continue
			}
			got, file := drawn(t, g, f), filepath.Join("testdata", g.Name+"."+string(f))
			if *rewrite {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s is drawn differently now; run go test with -rewrite and look at it\n%.2000s", file, got)
			}
		}
	}
}

func TestJSONHoldsEverythingAndNoNulls(t *testing.T) {
	for _, g := range []Graph{chain(), diamond(), rules(), stopped(), workless(), spawning(), hostile(), {}} {
		text := drawn(t, g, JSON)
		var back Graph
		if err := json.Unmarshal([]byte(text), &back); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(text, "null") || len(back.Nodes) != len(g.Nodes) || len(back.Edges) != len(g.Edges) {
			t.Errorf("%s became %+v", text, back)
		}
		for i, n := range back.Nodes {
			if n != g.Nodes[i] {
				t.Errorf("%+v became %+v", g.Nodes[i], n)
			}
		}
	}
}

func TestSVGIsWellFormedAndHoldsNoForeignMarkup(t *testing.T) {
	for _, g := range []Graph{chain(), diamond(), rules(), stopped(), workless(), fan(5), hostile(), {}, {Nodes: []Node{{}}}} {
		text := drawn(t, g, SVG)
		decoder := xml.NewDecoder(strings.NewReader(text))
		for {
			token, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v in\n%s", g.Name, err, text)
			}
			start, ok := token.(xml.StartElement)
			if !ok {
				continue
			}
			if !strings.Contains(" svg title style defs marker path rect text g ", " "+start.Name.Local+" ") {
				t.Errorf("there is an element %s", start.Name.Local)
			}
			for _, a := range start.Attr {
				if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "href" {
					t.Errorf("%s has an attribute %s", start.Name.Local, a.Name.Local)
				}
			}
		}
	}
}

func TestSVGNodesDoNotOverlapAndEdgesRunForward(t *testing.T) {
	for _, g := range []Graph{chain(), diamond(), rules(), stopped(), workless(), fan(20)} {
		l := linksOf(g)
		p := place(g, l)
		for i := range g.Nodes {
			if p.x[i] < margin || p.x[i]+p.w[i] > p.width || p.y[i] < headHeight || p.y[i]+nodeHeight > p.height {
				t.Errorf("%s: %s is outside of the drawing", g.Name, g.Nodes[i].Name)
			}
			for j := range i {
				if p.x[i] < p.x[j]+p.w[j] && p.x[j] < p.x[i]+p.w[i] && p.y[i] < p.y[j]+nodeHeight && p.y[j] < p.y[i]+nodeHeight {
					t.Errorf("%s: %s and %s overlap", g.Name, g.Nodes[i].Name, g.Nodes[j].Name)
				}
			}
		}
		for _, e := range l.edges {
			if p.x[e.from]+p.w[e.from] >= p.x[e.to] {
				t.Errorf("%s: the edge from %s to %s runs backward", g.Name, g.Nodes[e.from].Name, g.Nodes[e.to].Name)
			}
		}
	}
}

func TestFinallyJobsStandAfterAllOthers(t *testing.T) {
	g := rules()
	layers := layersOf(linksOf(g))
	if last := layers[len(layers)-1]; len(last) != 1 || !g.Nodes[last[0]].Finally {
		t.Errorf("the last layer is %v", last)
	}
}

func TestJobsThatWaitForOtherOutcomesAreNotAlike(t *testing.T) {
	g := Graph{Name: "w", Nodes: []Node{node("a", "q", "")}}
	for i := range 12 {
		n := node(fmt.Sprintf("j%02d", i), "q", "")
		n.Catch = i >= 8
		g.Nodes = append(g.Nodes, n)
		g.Edges = append(g.Edges, Edge{From: "a", To: n.Name, On: []job.On{job.OnSuccess, job.OnFailure, job.OnFailure}[i/4]})
	}
	want := "w  13 jobs, 12 dependencies\n" +
		"1  a                  q\n" +
		"2  4 jobs: j00 … j03  q  ← a\n" +
		"   4 jobs: j04 … j07  q  ← a (failure)\n" +
		"   4 jobs: j08 … j11  q  ← a (failure)  [catch]\n"
	if got := drawn(t, g, Text); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestDotQuotesWhatDotWouldRead(t *testing.T) {
	text := drawn(t, hostile(), Dot)
	quoted := regexp.MustCompile(`"(\\.|[^"\\])*"`)
	rest := quoted.ReplaceAllString(text, "")
	if strings.ContainsAny(rest, `"\<&'#`) || strings.Contains(rest, "alert") {
		t.Errorf("something stands outside of quotes: %s", rest)
	}
	if !strings.Contains(text, `\\N`) || strings.Contains(strings.ReplaceAll(text, `\\`, ""), `\N`) {
		t.Errorf("dot would put the node's name for \\N in %s", text)
	}
}

func TestMermaidEscapesWhatMermaidWouldRead(t *testing.T) {
	text := drawn(t, hostile(), Mermaid)
	for _, line := range strings.Split(strings.ReplaceAll(text, "<br/>", ""), "\n") {
		line = strings.Replace(strings.TrimSuffix(line, "}}"), `{{"`, `"`, 1) // the shape of a gate
		if strings.ContainsAny(line, "`<'&{}*\x1b\u202e") {
			t.Errorf("unescaped in %q", line)
		}
		if strings.Count(line, `"`)%2 != 0 {
			t.Errorf("quotes do not match in %q", line)
		}
	}
}

func TestTextNeverCommandsATerminal(t *testing.T) {
	if text := drawn(t, hostile(), Text); strings.ContainsAny(text, "\x1b\u202e\x00") || strings.Count(text, "\n") != 4 {
		t.Errorf("got %q", text)
	}
}

func TestEveryFormatTakesOddGraphs(t *testing.T) {
	cycle := Graph{Name: "cycle", Nodes: []Node{node("a", "q", ""), node("b", "q", ""), node("c", "q", "")}, Edges: []Edge{edge("a", "b"), edge("b", "c"), edge("c", "b"), edge("a", "a")}}
	for _, g := range []Graph{{}, {Name: "one", Nodes: []Node{node("a", "", "")}}, cycle, hostile()} {
		for _, f := range Formats {
			if drawn(t, g, f) == "" {
				t.Errorf("%s of %q is empty", f, g.Name)
			}
		}
	}
}

func TestLargeGraphsAreDrawn(t *testing.T) {
	for _, tt := range []struct {
		g       Graph
		formats []Format
	}{{fan(4_000), Formats}, {fan(20_000), []Format{Dot, Mermaid, JSON, Text}}, {longChain(9_000), Formats}} {
		for _, f := range tt.formats {
			if err := Write(io.Discard, tt.g, f); err != nil {
				t.Errorf("%s of %s: %v", f, tt.g.Name, err)
			}
		}
	}
	if err := Write(io.Discard, fan(10_000), SVG); err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("a huge SVG: %v", err)
	}
}

func longChain(n int) Graph {
	g := Graph{Name: "long", Nodes: []Node{node("job-0", "q", "")}}
	for i := 1; i < n; i++ {
		g.Nodes = append(g.Nodes, node(fmt.Sprintf("job-%d", i), "q", ""))
		g.Edges = append(g.Edges, edge(fmt.Sprintf("job-%d", i-1), fmt.Sprintf("job-%d", i)))
	}
	return g
}

func TestAWorkflowBecomesAGraph(t *testing.T) {
	outside := job.NewID()
	a := job.New("q", nil).WithName("a")
	w := workflow.NewWorkflow("w").Add(a).Then(job.New("r", nil).WithName("b").DependsOnIDs(outside))
	if err := w.Validate(); err != nil {
		t.Fatal(err)
	}
	a.WithAllowFailure().WithJoin(job.JoinAll)
	w.Jobs[1].WithJoin(job.JoinAny).WithCondition("true").AsCatch()
	got := fmt.Sprint(FromWorkflow(w))
	want := fmt.Sprint(Graph{
		Name:  "w",
		Nodes: []Node{{ID: a.ID.String(), Name: "a", Queue: "q", AllowFailure: true}, {ID: w.Jobs[1].ID.String(), Name: "b", Queue: "r", Join: job.Join{Rule: job.JoinAny}, Condition: "true", Catch: true}, {ID: outside.String(), Name: outside.String()}},
		Edges: []Edge{edge(outside.String(), "b"), edge("a", "b")},
	})
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestFormatsAreReadByName(t *testing.T) {
	for _, f := range Formats {
		if got, err := ParseFormat(string(f)); err != nil || got != f {
			t.Errorf("%s: %s, %v", f, got, err)
		}
	}
	if _, err := ParseFormat("png"); err == nil || !strings.Contains(err.Error(), "dot, mermaid, json, svg, text") {
		t.Errorf("got %v", err)
	}
	if err := Write(io.Discard, Graph{}, "png"); err == nil {
		t.Error("an unknown format is written")
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestAnErrorOfTheWriterIsReturned(t *testing.T) {
	for _, f := range Formats {
		if err := Write(brokenWriter{}, chain(), f); err == nil || err.Error() != "disk full" {
			t.Errorf("%s: got %v", f, err)
		}
	}
}
