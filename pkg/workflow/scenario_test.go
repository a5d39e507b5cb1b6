package workflow

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/pkg/job"
)

var rewrite = flag.Bool("rewrite", false, "write what the scenarios of testdata do now into them")

// TestScenarios plays testdata/*.txt. A scenario is told in commands; below
// each that does something stands, after "----", what followed:
//
//	scenario TITLE                          begins with nothing
//	workflow NAME POLICY                    the following jobs belong to it
//	loose                                   the following jobs belong to none
//	job NAME [after PARENT…] [on X] [join Y]
//	hold NAME…                              a worker takes the jobs
//	end NAME STATUS [NAME STATUS…]          one batch of endings
//	cancel NAME REASON                      cancels a workflow
//	cancel held NAME                        its grace is over
//	show                                    every job as it stands
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	scenarios := 0
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got, n := play(t, string(raw))
			scenarios += n
			if *rewrite {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != string(raw) {
				t.Errorf("%s does not tell what happens; run go test with -rewrite and read the difference\n%s", file, firstDifference(string(raw), got))
			}
		})
	}
	if scenarios < 20 {
		t.Errorf("there are %d scenarios, want at least 20", scenarios)
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			return fmt.Sprintf("line %d\n  file: %s\n  now:  %s", i+1, w[i], g[i])
		}
	}
	return "one of them is longer"
}

// play returns the text with the outputs as they are now.
func play(t *testing.T, text string) (played string, scenarios int) {
	var out strings.Builder
	var s *stage
	skipping := false // the output that the file has
	for _, line := range strings.SplitAfter(text, "\n") {
		command := strings.TrimSpace(line)
		if command == "----" {
			skipping = true
			continue
		}
		if skipping && command != "" {
			continue
		}
		skipping = false
		out.WriteString(line)
		if command == "" || strings.HasPrefix(command, "#") {
			continue
		}
		if title, ok := strings.CutPrefix(command, "scenario "); ok {
			s, scenarios = newStage(t, title), scenarios+1
			continue
		}
		if result := s.do(strings.Fields(command)); result != "" {
			out.WriteString("----\n" + result)
		}
	}
	return out.String(), scenarios
}

// stage is one scenario being played.
type stage struct {
	t         *testing.T
	title     string
	p         Part
	jobs      []string
	workflows []string
	current   int // the workflow of the next job; -1: none
}

// act applies what f tells to a part that holds all there is.
func act(t *testing.T, p *Part, f func(r *Resolution)) Changes {
	t.Helper()
	p.Complete()
	r := Begin(p)
	f(r)
	r.Revisit() // what follows in other workflows
	c, missing := r.Finish()
	if !missing.None() {
		t.Fatalf("missing although all is there: %+v", missing)
	}
	return c
}

// endings tells several endings.
func endings(list []Ending) func(r *Resolution) {
	return func(r *Resolution) {
		for _, e := range list {
			r.End(e)
		}
	}
}

func newStage(t *testing.T, title string) *stage { return &stage{t: t, title: title, current: -1} }

func (s *stage) fatal(format string, args ...any) {
	s.t.Helper()
	s.t.Fatalf("scenario %q: %s", s.title, fmt.Sprintf(format, args...))
}

func (s *stage) node(name string) int {
	i := slices.Index(s.jobs, name)
	if i < 0 {
		s.fatal("no job %s", name)
	}
	return i
}

func (s *stage) workflow(name string) int {
	i := slices.Index(s.workflows, name)
	if i < 0 {
		s.fatal("no workflow %s", name)
	}
	return i
}

func (s *stage) do(words []string) string {
	switch words[0] {
	case "workflow":
		s.workflows = append(s.workflows, words[1])
		s.p.Workflows = append(s.p.Workflows, Header{ID: job.NewID(), Status: Running, Policy: FailurePolicy(words[2])})
		s.current = len(s.p.Workflows) - 1
	case "loose":
		s.current = -1
	case "job":
		s.addJob(words[1:])
	case "hold":
		for _, name := range words[1:] {
			if n := s.p.Nodes[s.node(name)]; n.Status.Terminal() || n.Deps == job.Waiting {
				s.fatal("%s cannot be held: it is %s, %s", name, n.Status, n.Deps)
			}
			s.hold(name)
		}
	case "end":
		var list []Ending
		for i := 1; i < len(words); i += 2 {
			s.hold(words[i])
			list = append(list, Ending{Node: s.node(words[i]), Status: job.Status(words[i+1]), Reason: "told"})
		}
		return s.told(act(s.t, &s.p, endings(list)))
	case "cancel":
		if words[1] == "held" {
			return s.told(act(s.t, &s.p, func(r *Resolution) { r.CancelHeld(s.workflow(words[2]), true) }))
		}
		return s.told(act(s.t, &s.p, func(r *Resolution) { r.Cancel(s.workflow(words[1]), job.Reason(words[2])) }))
	case "show":
		return s.show()
	default:
		s.fatal("no command %s", words[0])
	}
	return ""
}

// hold gives a job to a worker, if it can have it.
func (s *stage) hold(name string) {
	if n := &s.p.Nodes[s.node(name)]; !n.Status.Terminal() && n.Deps != job.Waiting {
		n.Status, n.Held = job.Running, true
	}
}

func (s *stage) addJob(words []string) {
	n := Node{ID: job.NewID(), Workflow: s.current, Status: job.Pending, Deps: job.NoDependencies}
	s.jobs = append(s.jobs, words[0])
	child := len(s.p.Nodes)
	on, reading := job.OnSuccess, ""
	var edges []Edge
	for _, word := range words[1:] {
		switch {
		case word == "after", word == "on", word == "join":
			reading = word
		case reading == "after":
			edges = append(edges, Edge{Parent: s.node(word), Child: child, State: EdgeUnresolved})
		case reading == "on":
			on = job.On(word)
		case reading == "join":
			n.Join = job.Join{Rule: job.JoinRule(word)}
		}
	}
	for _, e := range edges {
		e.On = on
		s.p.Edges = append(s.p.Edges, e)
		n.Deps = job.Waiting
		n.Counts.Unresolved++
	}
	if s.current >= 0 {
		s.p.Workflows[s.current].Tally.Total++
	}
	s.p.Nodes = append(s.p.Nodes, n)
}

// told writes changes as sentences, and checks what always holds.
func (s *stage) told(c Changes) string {
	checkChanges(s.t, &s.p, c)
	var b strings.Builder
	for _, i := range c.Ended {
		fmt.Fprintf(&b, "%s\n", s.ending(i))
	}
	for _, i := range c.Counted {
		if !slices.Contains(c.Runnable, i) {
			fmt.Fprintf(&b, "%s is %s, %d parents left\n", s.jobs[i], s.p.Nodes[i].Deps, s.p.Nodes[i].Counts.Unresolved)
		}
	}
	for _, i := range c.Runnable {
		fmt.Fprintf(&b, "%s may run\n", s.jobs[i])
	}
	for _, i := range c.Workflows {
		fmt.Fprintf(&b, "workflow %s\n", s.state(i))
	}
	if b.Len() == 0 {
		return "nothing\n"
	}
	return b.String()
}

func (s *stage) ending(i int) string {
	n := s.p.Nodes[i]
	text := fmt.Sprintf("%s is %s", s.jobs[i], n.Status)
	if n.Reason != "" && n.Reason != "told" {
		text += ", " + string(n.Reason)
	}
	if n.Cause != (job.ID{}) {
		cause := slices.IndexFunc(s.p.Nodes, func(c Node) bool { return c.ID == n.Cause })
		text += " of " + s.jobs[cause]
	}
	return text
}

func (s *stage) state(i int) string {
	h := s.p.Workflows[i]
	text := fmt.Sprintf("%s is %s, %d of %d ended", s.workflows[i], h.Status, h.Tally.Ended(), h.Tally.Total)
	if h.Failing && !h.Status.Terminal() {
		text += ", failing"
	}
	return text
}

func (s *stage) show() string {
	var b strings.Builder
	for i, n := range s.p.Nodes {
		switch {
		case n.Status.Terminal():
			fmt.Fprintf(&b, "%s\n", s.ending(i))
		case n.Held:
			fmt.Fprintf(&b, "%s is held\n", s.jobs[i])
		default:
			fmt.Fprintf(&b, "%s is %s, %s\n", s.jobs[i], n.Status, n.Deps)
		}
	}
	for i := range s.p.Workflows {
		fmt.Fprintf(&b, "workflow %s\n", s.state(i))
	}
	return b.String()
}

// checkChanges checks what holds after every resolution of a whole graph.
func checkChanges(t *testing.T, p *Part, c Changes) {
	t.Helper()
	for what, list := range map[string][]int{"Ended": c.Ended, "Edges": c.Edges, "Counted": c.Counted, "Runnable": c.Runnable, "Workflows": c.Workflows} {
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
		if n := p.Nodes[i]; n.Status.Terminal() || n.Deps != job.Satisfied {
			t.Fatalf("node %d may run but is %s, %s", i, n.Status, n.Deps)
		}
	}
	checkGraph(t, p)
}

// checkGraph compares every counter with what it counts.
func checkGraph(t *testing.T, p *Part) {
	t.Helper()
	counts := make([]Counts, len(p.Nodes))
	for i, e := range p.Edges {
		terminal := p.Nodes[e.Parent].Status.Terminal()
		if terminal != (e.State != EdgeUnresolved) {
			t.Fatalf("edge %d is %s, its parent %s", i, e.State, p.Nodes[e.Parent].Status)
		}
		counts[e.Child].Unresolved++
		if terminal {
			counts[e.Child].resolve(e.State, e.Optional)
		}
	}
	tallies := make([]Tally, len(p.Workflows))
	for i, n := range p.Nodes {
		if n.Counts != counts[i] {
			t.Fatalf("node %d counts %+v, its edges say %+v", i, n.Counts, counts[i])
		}
		if n.Status.Terminal() && n.Deps == job.Waiting {
			t.Fatalf("node %d is %s and still waits", i, n.Status)
		}
		if n.Workflow >= 0 {
			tallies[n.Workflow].Total++
			if n.Status.Terminal() {
				*tallies[n.Workflow].Of(n.Status)++
			}
		}
	}
	for i, h := range p.Workflows {
		if h.Tally != tallies[i] {
			t.Fatalf("workflow %d counts %+v, its jobs say %+v", i, h.Tally, tallies[i])
		}
		if h.Status.Terminal() != (h.Tally.Ended() == h.Tally.Total) {
			t.Fatalf("workflow %d is %s with %d of %d ended", i, h.Status, h.Tally.Ended(), h.Tally.Total)
		}
	}
}
