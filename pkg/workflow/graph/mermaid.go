package graph

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"github.com/hammerwork/hammerwork/pkg/job"
)

func writeMermaid(to io.Writer, g Graph) error {
	w := bufio.NewWriter(to)
	fmt.Fprint(w, "flowchart LR\n")
	number := make(map[string]int, len(g.Nodes))
	used := make(map[job.Status]bool)
	for i, n := range g.Nodes {
		number[n.Name] = i
		label := mermaidText(n.Name)
		if queue := n.queue(); queue != "" {
			label += "<br/>" + mermaidText(queue)
		}
		for _, m := range n.marks() {
			label += "<br/>" + mermaidText(m)
		}
		class := ""
		if n.Status.Valid() {
			class = ":::" + string(n.Status)
			used[n.Status] = true
		}
		open, end := "[", "]"
		switch {
		case n.Gate != "":
			open, end = "{{", "}}"
		case n.many():
			open, end = "[/", "/]"
		case n.Parts != "":
			open, end = "[/", "\\]"
		case n.Finally:
			open, end = "([", "])"
		case n.Catch:
			open, end = "[[", "]]"
		}
		fmt.Fprintf(w, "  n%d%s\"%s\"%s%s\n", i, open, label, end, class)
	}
	links, onFailure := 0, []string{}
	for _, e := range g.Edges {
		from, known := number[e.From]
		to, alsoKnown := number[e.To]
		if !known || !alsoKnown {
			continue
		}
		arrow := "-->"
		switch {
		case e.Spawned:
			arrow = "-.-o"
		case e.Optional:
			arrow = "-.->"
		case e.On == job.OnDone:
			arrow = "==>"
		}
		if label := e.label(); label != "" {
			arrow += `|"` + mermaidText(label) + `"|`
		}
		if e.On == job.OnFailure {
			onFailure = append(onFailure, strconv.Itoa(links))
		}
		links++
		fmt.Fprintf(w, "  n%d %s n%d\n", from, arrow, to)
	}
	if len(onFailure) > 0 {
		fmt.Fprintf(w, "  linkStyle %s stroke:%s\n", strings.Join(onFailure, ","), onFailureColour)
	}
	for _, p := range palettes {
		if used[p.status] {
			fmt.Fprintf(w, "  classDef %s fill:%s,stroke:%s,color:%s\n", p.status, p.fill, p.stroke, p.text)
		}
	}
	return w.Flush()
}

// mermaidText writes everything but letters, digits and a few harmless marks
// as an entity: mermaid reads quotes, brackets, markdown and HTML in labels.
func mermaidText(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), strings.ContainsRune(" .-_:/,()@+=", r):
			b.WriteRune(r)
		case unicode.IsControl(r):
			b.WriteByte(' ')
		default:
			fmt.Fprintf(&b, "#%d;", r)
		}
	}
	return b.String()
}
