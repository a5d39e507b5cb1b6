package main

import (
	"cmp"
	"fmt"
	"slices"
)

// Section is a chapter of the report.
type Section struct {
	Title    string `json:"title"`
	Headline string `json:"headline"` // its most striking fact, a sentence
	Markdown string `json:"markdown"`
}

// overview compares the areas by size.
func overview(all []Package, areas []Area) Section {
	size := func(p Package) int { return p.Lines + p.Generated }
	slices.SortFunc(areas, func(a, b Area) int {
		return cmp.Or(sum(b.Packages, size)-sum(a.Packages, size), cmp.Compare(a.Title, b.Title))
	})
	total, most := sum(all, size), 0
	for _, a := range areas {
		most = max(most, sum(a.Packages, size))
	}
	t := table{head: []string{"Area", "Packages", "Lines", "Share", "Generated", "Comments", "Exported"}, align: "lrrlrrr"}
	row := func(title string, packages []Package) {
		lines, generated := sum(packages, size), sum(packages, generatedLines)
		t.add(title, count(len(packages)), count(lines), bar(lines, most, 14)+" "+percent(lines, total),
			percent(generated, lines), percent(sum(packages, func(p Package) int { return p.Comments }), lines-generated),
			count(sum(packages, func(p Package) int { return p.Exported })))
	}
	for _, a := range areas {
		row(a.Title, a.Packages)
	}
	row("**Everything**", all)
	t.rows[len(t.rows)-1][3] = "" // a bar of all would only repeat that it is all

	big := table{head: []string{"Largest packages", "Files", "Lines", "Functions", ""}, align: "lrrrl"}
	bySize := sortedBy(all, func(p Package) float64 { return float64(p.Lines) }, func(Package) bool { return true })
	for _, p := range bySize[:min(10, len(bySize))] {
		big.add("`"+p.Path+"`", count(p.Files), count(p.Lines), count(p.Functions), bar(p.Lines, bySize[0].Lines, 20))
	}
	return Section{
		Title: "Where the code is",
		Headline: fmt.Sprintf("**%s lines** of Go in **%s packages** (%s of them public), %s of it generated, and %s lines of tests.",
			count(total), count(len(all)), count(len(public(all))), percent(sum(all, generatedLines), total),
			count(sum(all, func(p Package) int { return p.TestLines }))),
		Markdown: t.String() +
			"\nLines are of all files but tests, for all systems. Comments are a share of what is not generated.\n\n" +
			big.String() + "\nWithout generated files.\n",
	}
}

// functions lists the extreme functions.
func functions(all []Package, areas []Area) Section {
	var top Top
	for _, a := range areas {
		top.merge(a.Top)
	}
	list := func(title, unit string, functions []Function, number func(Function) int) string {
		t := table{head: []string{title, unit, "Where"}, align: "lrl"}
		for _, f := range functions {
			t.add("`"+f.Name+"`", count(number(f)), fmt.Sprintf("%s:%d", f.File, f.Line))
		}
		return t.String()
	}
	s := Section{
		Title: "The functions nobody wants to review",
		Markdown: list("Longest", "Lines", top.Longest, func(f Function) int { return f.Lines }) + "\n" +
			list("Most branches", "Complexity", top.Complex, func(f Function) int { return f.Complexity }) + "\n" +
			list("Deepest", "Levels", top.Deepest, func(f Function) int { return f.Depth }) +
			"\nComplexity is cyclomatic: one, and one more for every `if`, loop, `case`, `&&` and `||`. Levels are statements with a body within each other.\n",
	}
	if len(top.Longest) > 0 {
		n, lines := sum(all, func(p Package) int { return p.Functions }), sum(all, func(p Package) int { return p.Lines })
		s.Headline = fmt.Sprintf("The longest of %s functions is `%s` with **%s lines**; on average there is one function in %d lines.",
			count(n), top.Longest[0].Name, count(top.Longest[0].Lines), lines/max(n, 1))
	}
	return s
}

// docs tells how well the public packages are documented.
func docs(all []Package, _ []Area) Section {
	const least = 20
	exported := func(p Package) int { return p.Exported }
	documented := func(p Package) int { return p.Documented }
	share := func(p Package) float64 { return float64(p.Documented) / float64(max(p.Exported, 1)) }
	complete := 0
	for _, p := range public(all) {
		if p.Exported > 0 && p.Documented == p.Exported {
			complete++
		}
	}
	bare := sortedBy(all, func(p Package) float64 { return -share(p) },
		func(p Package) bool { return p.Exported >= least && p.Documented < p.Exported })
	t := table{head: []string{"Least documented", "Exported names", "With a comment", ""}, align: "lrrl"}
	for _, p := range bare[:min(10, len(bare))] {
		t.add("`"+p.Path+"`", count(p.Exported), percent(p.Documented, p.Exported), bar(p.Documented, p.Exported, 20))
	}
	rich := sortedBy(all, func(p Package) float64 { return float64(p.Exported) },
		func(p Package) bool { return p.Exported >= least && p.Documented == p.Exported })
	r := table{head: []string{"Largest without a gap", "Exported names"}, align: "lr"}
	for _, p := range rich[:min(8, len(rich))] {
		r.add("`"+p.Path+"`", count(p.Exported))
	}
	return Section{
		Title: "What is documented",
		Headline: fmt.Sprintf("**%s** of %s exported names have a comment; %d of %d public packages have one on every name.",
			percent(sum(all, documented), sum(all, exported)), count(sum(all, exported)), complete, len(public(all))),
		Markdown: t.String() + fmt.Sprintf("\nOf public packages with at least %d exported names. A comment on a group of constants counts for all of them.\n\n", least) + r.String(),
	}
}

// tests tells how much the packages are tested.
func tests(all []Package, _ []Area) Section {
	const least = 500
	ratio := func(p Package) float64 { return float64(p.TestLines) / float64(max(p.Lines, 1)) }
	list := func(title string, number func(Package) float64) string {
		t := table{head: []string{title, "Lines", "Test lines", "Tests", "Per 100 lines"}, align: "lrrrr"}
		packages := sortedBy(all, number, func(p Package) bool { return p.Public() && p.Lines >= least })
		for _, p := range packages[:min(8, len(packages))] {
			t.add("`"+p.Path+"`", count(p.Lines), count(p.TestLines), count(p.Tests), fmt.Sprintf("%.0f", 100*ratio(p)))
		}
		return t.String()
	}
	return Section{
		Title: "What is tested",
		Headline: fmt.Sprintf("**%s tests**, %s benchmarks, %s examples and %s fuzz targets.",
			count(sum(all, func(p Package) int { return p.Tests })), count(sum(all, func(p Package) int { return p.Benchmarks })),
			count(sum(all, func(p Package) int { return p.Examples })), count(sum(all, func(p Package) int { return p.Fuzz }))),
		Markdown: list("Most test code", ratio) + "\n" + list("Least test code", func(p Package) float64 { return -ratio(p) }) +
			fmt.Sprintf("\nOf public packages with at least %d lines. Tests that live in another directory are not seen: Go's own test suite covers the runtime, too.\n", least),
	}
}

// curiosities counts what one would not expect.
func curiosities(all []Package, _ []Area) Section {
	t := table{head: []string{"How many", "In all", "Packages", "Most of them in"}, align: "lrrl"}
	for _, c := range []struct {
		what   string
		number func(Package) int
	}{
		{"`go` statements", func(p Package) int { return p.Go }},
		{"`defer` statements", func(p Package) int { return p.Defer }},
		{"`goto` statements", func(p Package) int { return p.Goto }},
		{"calls of `panic`", func(p Package) int { return p.Panic }},
		{"functions and types with type parameters", func(p Package) int { return p.Generic }},
		{"imports of `unsafe`", func(p Package) int { return indicator(slices.Contains(p.Imports, "unsafe")) }},
		{"`go:linkname` directives", func(p Package) int { return p.Linkname }},
		{"lines of assembly", func(p Package) int { return p.Assembly }},
		{"comments that say TODO", func(p Package) int { return p.TODO }},
	} {
		having := sortedBy(all, func(p Package) float64 { return float64(c.number(p)) }, func(p Package) bool { return c.number(p) > 0 })
		where := ""
		if len(having) > 0 && c.number(having[0]) > 1 {
			where = fmt.Sprintf("`%s` (%s)", having[0].Path, count(c.number(having[0])))
		}
		t.add(c.what, count(sum(all, c.number)), count(len(having)), where)
	}
	return Section{
		Title: "Curiosities",
		Headline: fmt.Sprintf("**%s** places start a goroutine, **%s** jump by `goto`, and %s comments still say TODO.",
			count(sum(all, func(p Package) int { return p.Go })), count(sum(all, func(p Package) int { return p.Goto })),
			count(sum(all, func(p Package) int { return p.TODO }))),
		Markdown: t.String(),
	}
}

func generatedLines(p Package) int { return p.Generated }

// public returns the packages that programs may import.
func public(all []Package) []Package {
	return sortedBy(all, func(Package) float64 { return 0 }, Package.Public)
}

func indicator(b bool) int {
	if b {
		return 1
	}
	return 0
}
