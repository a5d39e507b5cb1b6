package graph

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// Beyond these a drawing helps nobody and a browser no longer shows it.
const (
	maxDrawnNodes = 10_000
	maxDrawnEdges = 50_000
)

// ErrTooLarge says that a graph is too large for a drawing.
var ErrTooLarge = errors.New("which is too large for a drawing")

// Check returns ErrTooLarge when Write would refuse g.
func Check(g Graph, f Format) error {
	if f == SVG && (len(g.Nodes) > maxDrawnNodes || len(g.Edges) > maxDrawnEdges) {
		return fmt.Errorf("the workflow has %d jobs and %d dependencies, %w: svg draws at most %d and %d, the other formats have no limit",
			len(g.Nodes), len(g.Edges), ErrTooLarge, maxDrawnNodes, maxDrawnEdges)
	}
	return nil
}

func writeSVG(to io.Writer, g Graph) error {
	if err := Check(g, SVG); err != nil {
		return err
	}
	l := linksOf(g)
	p := place(g, l)
	w := bufio.NewWriter(to)
	title := xmlText(g.Name)
	width := max(p.width, 2*margin+textWidth(short(g.Name, 80), 17))
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" role="img">`+"\n", width, p.height, width, p.height)
	fmt.Fprintf(w, "<title>%s</title>\n<style>\n%s</style>\n", title, style())
	fmt.Fprint(w, arrowHeads)
	fmt.Fprintf(w, `<rect class="ground" width="100%%" height="100%%"/>`+"\n")
	fmt.Fprintf(w, `<text class="head" x="%.0f" y="%.0f">%s</text>`+"\n", margin, margin+8, xmlText(short(g.Name, 80)))
	for _, e := range l.edges {
		writeEdge(w, e, p)
	}
	for i, n := range g.Nodes {
		writeNode(w, n, p.x[i], p.y[i], p.w[i])
	}
	fmt.Fprint(w, "</svg>\n")
	return w.Flush()
}

func writeEdge(w io.Writer, l link, p layout) {
	x1, y1 := p.x[l.from]+p.w[l.from], p.y[l.from]+nodeHeight/2
	x2, y2 := p.x[l.to]-2, p.y[l.to]+nodeHeight/2
	bend := min(max((x2-x1)/2, layerGap/2), 160)
	class, head := "edge", "arrow"
	switch l.edge.On {
	case job.OnFailure:
		class = "edge failure"
	case job.OnDone:
		class = "edge done"
	}
	switch l.edge.State {
	case workflow.EdgeActive:
		class, head = class+" active", "arrow-active"
	case workflow.EdgeInactive:
		class += " inactive"
	case workflow.EdgeBroken:
		class, head = class+" broken", "arrow-broken"
	}
	if l.edge.Optional {
		class += " optional"
	}
	if l.edge.Spawned {
		class += " spawned"
	}
	fmt.Fprintf(w, `<path class="%s" marker-end="url(#%s)" d="M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f"/>`+"\n",
		class, head, x1, y1, x1+bend, y1, x2-bend, y2, x2, y2)
	if label := l.edge.label(); label != "" {
		fmt.Fprintf(w, `<text class="on" x="%.1f" y="%.1f">%s</text>`+"\n", (x1+x2)/2, (y1+y2)/2-5, xmlText(label))
	}
}

func writeNode(w io.Writer, n Node, x, y, width float64) {
	class := "none"
	if n.Status.Valid() {
		class = string(n.Status)
	}
	fmt.Fprintf(w, `<g class="node %s"><title>%s</title>`, class, xmlText(strings.TrimSpace(n.Name+"\n"+subtitle(n))))
	corner := nodeCorner
	if n.Finally {
		corner = nodeHeight / 2
	}
	switch {
	case n.Gate != "":
		fmt.Fprintf(w, `<path class="box" d="M%.1f %.1fH%.1fL%.1f %.1fL%.1f %.1fH%.1fL%.1f %.1fz"/>`,
			x+point, y, x+width-point, x+width, y+nodeHeight/2, x+width-point, y+nodeHeight, x+point, x, y+nodeHeight/2)
	case n.many(): // a card before others
		for _, behind := range []float64{6, 3} {
			fmt.Fprintf(w, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.0f" rx="%.0f"/>`, x+behind, y-behind, width-6, nodeHeight, corner)
		}
		fmt.Fprintf(w, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.0f" rx="%.0f"/>`, x, y, width-6, nodeHeight, corner)
	default:
		fmt.Fprintf(w, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.0f" rx="%.0f"/>`, x, y, width, nodeHeight, corner)
	}
	if n.Catch {
		fmt.Fprintf(w, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.0f" rx="%.0f"/>`, x+3, y+3, width-6, nodeHeight-6, corner-3)
	}
	if n.Parts == workflow.PartsWorkflow {
		fmt.Fprintf(w, `<path class="box" d="M%.1f %.1fv%.0fM%.1f %.1fv%.0f"/>`, x+7, y, nodeHeight, x+width-7, y, nodeHeight)
	}
	fmt.Fprintf(w, `<text class="name" x="%.1f" y="%.1f">%s</text>`, x+inset, y+19, xmlText(fit(n.Name, width-2*inset, nameSize)))
	fmt.Fprintf(w, `<text class="queue" x="%.1f" y="%.1f">%s</text></g>`+"\n", x+inset, y+35, xmlText(fit(subtitle(n), width-2*inset, queueSize)))
}

// subtitle is the line below a node's name.
func subtitle(n Node) string {
	parts := slices.DeleteFunc([]string{n.queue(), string(n.Status)}, func(s string) bool { return s == "" })
	return strings.Join(append(parts, n.marks()...), " · ")
}

// fit cuts a text until letters of a size fit into a width.
func fit(s string, width, size float64) string {
	for limit := min(len([]rune(s)), int(width/size*2)); ; limit-- {
		if cut := short(s, limit); limit <= 1 || textWidth(cut, size) <= width {
			return cut
		}
	}
}

// short cuts a text in the middle: its end often tells more than its middle.
func short(s string, limit int) string {
	r := []rune(s)
	if len(r) <= limit {
		return s
	}
	head := (limit - 1) / 2
	return string(r[:head]) + "…" + string(r[len(r)-(limit-1-head):])
}

func xmlText(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder returns no error
	return b.String()
}

const arrowHeads = `<defs>
<marker id="arrow" class="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z"/></marker>
<marker id="arrow-active" class="tip active" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z"/></marker>
<marker id="arrow-broken" class="tip broken" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z"/></marker>
</defs>
`

// style is the style sheet: light, and dark where the reader prefers it.
func style() string {
	var b strings.Builder
	b.WriteString(`text{font-family:ui-sans-serif,system-ui,"Segoe UI",Helvetica,Arial,sans-serif;fill:#1f2328}
.ground{fill:#ffffff}.head{font-size:17px;font-weight:600}
.name{font-size:13px;font-weight:600}.queue{font-size:11px;opacity:.75}.on{font-size:10px;text-anchor:middle}
.node rect,.box{fill:#f6f8fa;stroke:#8c959f;stroke-width:1.25}
.edge{fill:none;stroke:#8c959f;stroke-width:1.4}.edge.failure{stroke:` + onFailureColour + `}.edge.done{stroke-width:2.4}.edge.active{stroke:#1a7f37}.edge.broken{stroke:#d1242f}
.edge.inactive{stroke:#d0d7de}.edge.optional{stroke-dasharray:5 4}.edge.spawned{stroke-dasharray:2 3}
.tip{fill:#8c959f}.tip.active{fill:#1a7f37}.tip.broken{fill:#d1242f}
`)
	for _, p := range palettes {
		fmt.Fprintf(&b, ".%s rect,.%s .box{fill:%s;stroke:%s}.%s text{fill:%s}\n", p.status, p.status, p.fill, p.stroke, p.status, p.text)
	}
	b.WriteString(`@media (prefers-color-scheme:dark){
text{fill:#e6edf3}.ground{fill:#0d1117}.node rect,.box{fill:#21262d;stroke:#768390}
.edge{stroke:#768390}.edge.failure{stroke:#db6d28}.edge.active{stroke:#3fb950}.edge.broken{stroke:#f85149}.edge.inactive{stroke:#373e47}
.tip{fill:#768390}.tip.active{fill:#3fb950}.tip.broken{fill:#f85149}
`)
	for _, p := range palettes {
		fmt.Fprintf(&b, ".%s rect,.%s .box{fill:%s;stroke:%s}.%s text{fill:%s}\n", p.status, p.status, p.darkFill, p.darkStroke, p.status, p.darkLetter)
	}
	b.WriteString("}\n")
	return b.String()
}
