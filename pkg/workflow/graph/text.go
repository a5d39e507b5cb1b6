package graph

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	collapseFrom = 4 // so many jobs of a class become one line
	namedParents = 3 // more are counted
)

// class is jobs that are alike: of the same step, queue, status and marks, with
// the same dependencies on parents of the same classes.
type class struct {
	step  int
	nodes []int
}

// line is what one line of the text is about: a whole class or one job of it.
type line struct {
	step  int
	nodes []int
}

// writeText lists a graph step by step; a step can begin when those before it
// are done.
func writeText(to io.Writer, g Graph) error {
	t := lister{g: g, links: linksOf(g), classOf: make([]int, len(g.Nodes))}
	for step, layer := range layersOf(t.links) {
		t.step(step+1, layer)
	}
	w := bufio.NewWriter(to)
	fmt.Fprintf(w, "%s  %s, %s\n", printable(g.Name), count(len(g.Nodes), "job", "jobs"), count(len(t.links.edges), "dependency", "dependencies"))
	t.write(w)
	return w.Flush()
}

type lister struct {
	g       Graph
	links   links
	classOf []int // node → its class
	classes []class
	lines   []line
}

// step makes the classes of a layer. Parents have theirs already.
func (t *lister) step(step int, layer []int) {
	known := make(map[string]int)
	for _, n := range layer {
		key := t.key(n)
		c, ok := known[key]
		if !ok {
			c = len(t.classes)
			known[key] = c
			t.classes = append(t.classes, class{step: step})
		}
		t.classes[c].nodes = append(t.classes[c].nodes, n)
	}
	for c := len(t.classes) - len(known); c < len(t.classes); c++ {
		nodes := t.classes[c].nodes
		for _, n := range nodes {
			t.classOf[n] = c
		}
		if len(nodes) >= collapseFrom {
			t.lines = append(t.lines, line{step, nodes})
			continue
		}
		for _, n := range nodes {
			t.lines = append(t.lines, line{step, []int{n}})
		}
	}
}

func (t *lister) key(n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%q %q %q", t.g.Nodes[n].Queue, t.g.Nodes[n].Status, t.g.Nodes[n].marks())
	edges := make([]string, 0, len(t.links.incoming[n]))
	for _, i := range t.links.incoming[n] {
		l := t.links.edges[i]
		edges = append(edges, strconv.Itoa(t.classOf[l.from])+l.edge.label())
	}
	slices.Sort(edges)
	for _, e := range slices.Compact(edges) {
		b.WriteByte(' ')
		b.WriteString(e)
	}
	return b.String()
}

// parentClasses returns the classes of a node's parents, each once, in order.
func (t *lister) parentClasses(n int) []int {
	classes := make([]int, 0, len(t.links.parents[n]))
	for _, p := range t.links.parents[n] {
		classes = append(classes, t.classOf[p])
	}
	slices.Sort(classes)
	return slices.Compact(classes)
}

func (t *lister) write(w io.Writer) {
	names, queues := make([]string, len(t.lines)), make([]string, len(t.lines))
	nameWidth, queueWidth, statusWidth := 0, 0, 0
	for i, l := range t.lines {
		names[i], queues[i] = t.name(l), short(printable(t.g.Nodes[l.nodes[0]].queue()), 40)
		nameWidth = max(nameWidth, utf8.RuneCountInString(names[i]))
		queueWidth = max(queueWidth, utf8.RuneCountInString(queues[i]))
		statusWidth = max(statusWidth, utf8.RuneCountInString(printable(string(t.g.Nodes[l.nodes[0]].Status))))
	}
	before, digits := 0, len(strconv.Itoa(len(t.classes)))
	for i, l := range t.lines {
		step := ""
		if l.step != before {
			step, before = strconv.Itoa(l.step), l.step
		}
		text := fmt.Sprintf("%*s  ", digits, step)
		status := t.g.Nodes[l.nodes[0]].Status
		if statusWidth > 0 {
			text += paletteOf(status).mark + " "
		}
		text += pad(names[i], nameWidth) + "  " + pad(queues[i], queueWidth)
		if statusWidth > 0 {
			text += "  " + pad(printable(string(status)), statusWidth)
		}
		if parents := t.parents(l); parents != "" {
			text += "  ← " + parents
		}
		if marks := t.g.Nodes[l.nodes[0]].marks(); len(marks) > 0 {
			text += "  [" + printable(strings.Join(marks, "; ")) + "]"
		}
		fmt.Fprintln(w, strings.TrimRight(text, " "))
	}
}

func (t *lister) name(l line) string {
	first, last := t.g.Nodes[l.nodes[0]].Name, t.g.Nodes[l.nodes[len(l.nodes)-1]].Name
	if len(l.nodes) == 1 {
		return short(printable(first), 60)
	}
	return fmt.Sprintf("%d jobs: %s … %s", len(l.nodes), short(printable(first), 24), short(printable(last), 24))
}

// parents says what a line waits for: single jobs by name, others by how many
// of their class.
func (t *lister) parents(l line) string {
	var parts []string
	classes := t.parentClasses(l.nodes[0])
	for i, c := range classes {
		if len(parts) >= namedParents-1 && i < len(classes)-1 || len(parts) >= namedParents {
			parts = append(parts, fmt.Sprintf("%d more", len(classes)-i))
			break
		}
		parent := t.classes[c]
		if len(parent.nodes) == 1 || len(l.nodes) == 1 && len(parent.nodes) < collapseFrom {
			parts = append(parts, t.named(l.nodes[0], c)...)
			continue
		}
		low, high := t.spread(l, c)
		of := fmt.Sprintf("%d of %d", low, len(parent.nodes))
		switch {
		case low == len(parent.nodes):
			of = fmt.Sprintf("all %d", low)
		case low != high:
			of = fmt.Sprintf("%d–%d of %d", low, high, len(parent.nodes))
		}
		parts = append(parts, fmt.Sprintf("%s %s of step %d%s", of, short(printable(t.g.Nodes[parent.nodes[0]].Queue), 40), parent.step, t.asked(l.nodes[0], c)))
	}
	return strings.Join(parts, ", ")
}

// asked says what the edges from a class to a node ask for, if that is not the
// success of each.
func (t *lister) asked(n, c int) string {
	var labels []string
	for _, i := range t.links.incoming[n] {
		if l := t.links.edges[i]; t.classOf[l.from] == c {
			labels = append(labels, printable(l.edge.label()))
		}
	}
	slices.Sort(labels)
	return bracketed(strings.Join(slices.Compact(labels), " or "))
}

func bracketed(label string) string {
	if label == "" {
		return ""
	}
	return " (" + label + ")"
}

// named returns the names of a node's parents in a class, each with what is
// asked of it when that is not success.
func (t *lister) named(n, c int) []string {
	var names []string
	for _, i := range t.links.incoming[n] {
		l := t.links.edges[i]
		if t.classOf[l.from] != c {
			continue
		}
		names = append(names, short(printable(t.g.Nodes[l.from].Name), 60)+bracketed(printable(l.edge.label())))
	}
	return names
}

// spread returns the fewest and most parents that a job of l has in class c.
func (t *lister) spread(l line, c int) (low, high int) {
	for i, n := range l.nodes {
		parents := 0
		for _, parent := range t.links.parents[n] {
			if t.classOf[parent] == c {
				parents++
			}
		}
		if i == 0 {
			low = parents
		}
		low, high = min(low, parents), max(high, parents)
	}
	return low, high
}

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// printable replaces what a terminal would obey instead of showing.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsGraphic(r) {
			return r
		}
		return utf8.RuneError
	}, s)
}
