package output

import (
	"io"
	"strings"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
)

// Table is text in columns. The last column takes what is left of the width.
type Table struct {
	Header []string
	Right  []bool // which columns are aligned to the right; missing: left
	Rows   [][]Cell
}

// Cell is one text of a table. Paint, when set, colours it after it was cut
// and filled.
type Cell struct {
	Text  string
	Paint func(string) string
}

// Text makes a cell without colour.
func Text(s string) Cell { return Cell{Text: s} }

// columnGap is what stands between two columns.
const columnGap = "  "

// Write writes the table, the last column cut so that no line takes more
// than width columns; width 0 cuts nothing.
func (t Table) Write(w io.Writer, p term.Palette, width int) error {
	widths := make([]int, len(t.Header))
	for i, h := range t.Header {
		widths[i] = term.Columns(h)
	}
	for _, row := range t.Rows {
		for i, c := range row {
			widths[i] = max(widths[i], term.Columns(c.Text))
		}
	}
	if last := len(widths) - 1; width > 0 && last >= 0 {
		left := width
		for _, n := range widths[:last] {
			left -= n + len(columnGap)
		}
		widths[last] = min(widths[last], max(left, 8))
	}
	var b strings.Builder
	header := make([]Cell, len(t.Header))
	for i, h := range t.Header {
		header[i] = Cell{h, p.Faint}
	}
	t.line(&b, widths, header)
	for _, row := range t.Rows {
		t.line(&b, widths, row)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (t Table) line(b *strings.Builder, widths []int, cells []Cell) {
	last := len(cells) - 1
	for last > 0 && cells[last].Text == "" {
		last-- // no spaces at the ends of lines
	}
	for i, c := range cells[:last+1] {
		text := term.Fit(c.Text, widths[i])
		fill := strings.Repeat(" ", widths[i]-term.Columns(text))
		if c.Paint != nil {
			text = c.Paint(text)
		}
		switch {
		case i < len(t.Right) && t.Right[i]:
			b.WriteString(fill + text)
		case i == last:
			b.WriteString(text)
		default:
			b.WriteString(text + fill)
		}
		if i < last {
			b.WriteString(columnGap)
		}
	}
	b.WriteString("\n")
}
