package output

import (
	"io"
	"slices"
	"strings"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
)

// Table is text in columns. The last column takes what is left of the width.
type Table struct {
	Header []string
	Right  []bool // which columns are aligned to the right; missing: left
	Rows   [][]Cell
	Drop   []int // columns to leave out, in this order, while the last one would get less than Least
	Least  int

	widths []int // of the page before; nil: there was none
	gone   []bool
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
func (t Table) Write(w io.Writer, p term.Palette, width int) error { return t.Page(w, p, width) }

// Page writes the rows of a table that comes in parts: the first one decides
// which columns there are, and no column gets narrower from then on.
func (t *Table) Page(w io.Writer, p term.Palette, width int) error {
	first := t.widths == nil
	if first {
		t.widths, t.gone = make([]int, len(t.Header)), make([]bool, len(t.Header))
		for i, h := range t.Header {
			t.widths[i] = term.Columns(h)
		}
	}
	for _, row := range t.Rows {
		for i, c := range row {
			t.widths[i] = max(t.widths[i], term.Columns(c.Text))
		}
	}
	if first && width > 0 {
		for _, i := range t.Drop {
			if t.left(width) >= min(t.Least, t.widths[len(t.widths)-1]) {
				break
			}
			t.gone[i] = true
		}
	}
	widths := slices.Clone(t.widths)
	if last := len(widths) - 1; width > 0 && last >= 0 {
		widths[last] = min(widths[last], max(t.left(width), 8))
	}
	var b strings.Builder
	if first {
		header := make([]Cell, len(t.Header))
		for i, h := range t.Header {
			header[i] = Cell{h, p.Faint}
		}
		t.line(&b, widths, header)
	}
	for _, row := range t.Rows {
		t.line(&b, widths, row)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// left returns how much of width the last column gets.
func (t *Table) left(width int) int {
	for i, n := range t.widths[:max(0, len(t.widths)-1)] {
		if !t.gone[i] {
			width -= n + len(columnGap)
		}
	}
	return width
}

func (t *Table) line(b *strings.Builder, widths []int, cells []Cell) {
	last := len(cells) - 1
	for last > 0 && cells[last].Text == "" {
		last-- // no spaces at the ends of lines
	}
	for i, c := range cells[:last+1] {
		if t.gone[i] {
			continue
		}
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
