package main

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// table is a Markdown table whose source is as readable as its rendering.
type table struct {
	head  []string
	align string // l or r for each column
	rows  [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// String returns the table with a newline at the end.
func (t *table) String() string {
	width := make([]int, len(t.head))
	for _, row := range append([][]string{t.head}, t.rows...) {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell), 3)
		}
	}
	var b strings.Builder
	write := func(row []string) {
		for i, cell := range row {
			space := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
			if t.align[i] == 'r' {
				cell = space + cell
			} else {
				cell += space
			}
			b.WriteString("| " + cell + " ")
		}
		b.WriteString("|\n")
	}
	write(t.head)
	for i := range t.head {
		dashes := strings.Repeat("-", width[i]+1)
		if t.align[i] == 'r' {
			b.WriteString("|" + dashes + ":")
		} else {
			b.WriteString("|:" + dashes)
		}
	}
	b.WriteString("|\n")
	for _, row := range t.rows {
		write(row)
	}
	return b.String()
}

// bar draws value as a share of most, at most width characters.
func bar(value, most, width int) string {
	if most <= 0 {
		return ""
	}
	eighths := (value*width*8 + most/2) / most
	part := ""
	if rest := eighths % 8; rest > 0 {
		part = string([]rune("▏▎▍▌▋▊▉")[rest-1])
	}
	return strings.Repeat("█", eighths/8) + part
}

// percent writes value as a share of total, "–" of nothing.
func percent(value, total int) string {
	if total <= 0 {
		return "–"
	}
	share := 100 * float64(value) / float64(total)
	if share < 10 && value > 0 {
		return fmt.Sprintf("%.1f %%", share)
	}
	return fmt.Sprintf("%.0f %%", share)
}

// count writes a number that is not negative with commas: 1,234,567.
func count(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
