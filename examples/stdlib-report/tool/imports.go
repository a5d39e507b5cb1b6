package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// imports looks at who imports whom, tests left out.
func imports(all []Package, _ []Area) Section {
	g := newGraph(all)
	reached := map[string]int{} // package → how many packages need it, through others too
	needs := map[string]int{}   // package → how many packages it needs, through others too
	for _, p := range all {
		below := g.below(p.Path)
		needs[p.Path] = len(below)
		for path := range below {
			reached[path]++
		}
	}

	hubs := table{head: []string{"Most imported", "Directly by", "In the end by", ""}, align: "lrrl"}
	for _, path := range ranked(g.importers)[:min(12, len(g.importers))] {
		hubs.add("`"+path+"`", count(g.importers[path]), percent(reached[path], len(all)-1), bar(reached[path], len(all)-1, 20))
	}
	for path := range needs {
		if !(Package{Path: path}).Public() {
			delete(needs, path)
		}
	}
	heavy := table{head: []string{"Needs the most", "Imports", "In the end", ""}, align: "lrrl"}
	order := ranked(needs)
	for _, path := range order[:min(10, len(order))] {
		heavy.add("`"+path+"`", count(len(g.imports[path])), count(needs[path]), bar(needs[path], needs[order[0]], 20))
	}
	chain := g.longest()
	s := Section{
		Title: "Who needs whom",
		Markdown: hubs.String() + "\n" + heavy.String() +
			fmt.Sprintf("\nThe longest chain of imports has %d packages:\n\n%s", len(chain), quote(chain)),
	}
	if len(order) > 0 && len(chain) > 0 {
		s.Headline = fmt.Sprintf("`%s` needs **%s other packages** in the end; the longest chain of imports is **%d packages** long.",
			order[0], count(needs[order[0]]), len(chain))
	}
	return s
}

// quote writes a chain as a Markdown quotation with lines of at most about 100
// characters.
func quote(chain []string) string {
	text, width := ">", 1
	for i, path := range chain {
		if i > 0 {
			path = "→ " + path
		}
		if width+len(path) > 100 {
			text, width = text+"\n>", 1
		}
		text, width = text+" "+path, width+len(path)+1
	}
	return text + "\n"
}

// graph is the import graph of known packages.
type graph struct {
	imports   map[string][]string // in order
	importers map[string]int      // how many packages import it directly
}

func newGraph(all []Package) graph {
	g := graph{imports: map[string][]string{}, importers: map[string]int{}}
	for _, p := range all {
		g.imports[p.Path] = nil
	}
	for _, p := range all {
		for _, path := range p.Imports {
			if _, known := g.imports[path]; known && path != p.Path {
				g.imports[p.Path] = append(g.imports[p.Path], path)
				g.importers[path]++
			}
		}
	}
	return g
}

// below returns every package that this one needs, without itself.
func (g graph) below(path string) map[string]bool {
	seen := map[string]bool{path: true}
	todo := []string{path}
	for len(todo) > 0 {
		next := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, p := range g.imports[next] {
			if !seen[p] {
				seen[p] = true
				todo = append(todo, p)
			}
		}
	}
	delete(seen, path)
	return seen
}

// longest returns a longest chain of imports, from the importer down. Go has
// no import cycles; if files of different systems made one together, the
// import that closes it would be left out.
func (g graph) longest() []string {
	height := map[string]int{} // packages on the longest chain from here; 0: not known, -1: being looked at
	next := map[string]string{}
	var visit func(string) int
	visit = func(path string) int {
		if height[path] != 0 {
			return height[path]
		}
		height[path] = -1
		best := 0
		for _, p := range g.imports[path] {
			if h := visit(p); h > best {
				best, next[path] = h, p
			}
		}
		height[path] = best + 1
		return best + 1
	}
	top := ""
	for _, path := range slices.Sorted(maps.Keys(g.imports)) {
		if h := visit(path); top == "" || h > height[top] {
			top = path
		}
	}
	var chain []string
	for path := top; path != ""; path = next[path] {
		chain = append(chain, path)
	}
	return chain
}

// ranked returns the keys by falling number, then by name.
func ranked(numbers map[string]int) []string {
	return slices.SortedFunc(maps.Keys(numbers), func(a, b string) int {
		return cmp.Or(numbers[b]-numbers[a], cmp.Compare(a, b))
	})
}
