package graph

import (
	"bufio"
	"fmt"
	"io"
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
		if n.Queue != "" {
			label += "<br/>" + mermaidText(n.Queue)
		}
		class := ""
		if n.Status.Valid() {
			class = ":::" + string(n.Status)
			used[n.Status] = true
		}
		fmt.Fprintf(w, "  n%d[\"%s\"]%s\n", i, label, class)
	}
	for _, e := range g.Edges {
		from, known := number[e.From]
		to, alsoKnown := number[e.To]
		if !known || !alsoKnown {
			continue
		}
		arrow := "-->"
		if e.Optional {
			arrow = "-.->"
		}
		if e.On != "" && e.On != job.OnSuccess {
			arrow += `|"` + mermaidText(string(e.On)) + `"|`
		}
		fmt.Fprintf(w, "  n%d %s n%d\n", from, arrow, to)
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
