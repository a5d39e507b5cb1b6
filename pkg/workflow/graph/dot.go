package graph

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

func writeDot(to io.Writer, g Graph) error {
	w := bufio.NewWriter(to)
	fmt.Fprintf(w, "digraph %s {\n", dotQuote(g.Name))
	fmt.Fprint(w, "  rankdir=LR;\n  node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"Helvetica\"];\n")
	for _, n := range g.Nodes {
		label := n.Name
		if queue := n.queue(); queue != "" {
			label += "\n" + queue
		}
		for _, m := range n.marks() {
			label += "\n" + m
		}
		attributes := "label=" + dotQuote(label)
		if n.Status != "" {
			attributes += ", tooltip=" + dotQuote(string(n.Status)) + ", fillcolor=" + dotQuote(paletteOf(n.Status).fill)
		}
		switch {
		case n.Finally:
			attributes += ", shape=oval"
		case n.Catch:
			attributes += ", peripheries=2"
		}
		switch {
		case n.Gate != "":
			attributes += `, shape=hexagon, style="filled"`
		case n.many():
			attributes += `, shape=box3d, style="filled"`
		case n.Parts != "":
			attributes += `, shape=component, style="filled"`
		}
		fmt.Fprintf(w, "  %s [%s];\n", dotQuote(n.Name), attributes)
	}
	for _, e := range g.Edges {
		fmt.Fprintf(w, "  %s -> %s%s;\n", dotQuote(e.From), dotQuote(e.To), dotEdge(e))
	}
	fmt.Fprint(w, "}\n")
	return w.Flush()
}

func dotEdge(e Edge) string {
	var attributes []string
	if label := e.label(); label != "" {
		attributes = append(attributes, "label="+dotQuote(label))
	}
	switch {
	case e.Spawned:
		attributes = append(attributes, "style=dashed", "arrowhead=empty")
	case e.Optional:
		attributes = append(attributes, "style=dashed")
	case e.On == job.OnDone:
		attributes = append(attributes, "style=bold")
	}
	switch {
	case e.State == workflow.EdgeBroken:
		attributes = append(attributes, `color="#d1242f"`)
	case e.State == workflow.EdgeInactive:
		attributes = append(attributes, `color="#afb8c1"`)
	case e.On == job.OnFailure:
		attributes = append(attributes, `color="`+onFailureColour+`"`)
	}
	if len(attributes) == 0 {
		return ""
	}
	return " [" + strings.Join(attributes, ", ") + "]"
}

// dotQuote writes a quoted string of dot. Backslashes would begin escapes such
// as \N, the node's name.
func dotQuote(s string) string {
	return `"` + dotEscapes.Replace(strings.ToValidUTF8(s, "\uFFFD")) + `"`
}

var dotEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\r", "", "\n", `\n`, "\x00", "")
