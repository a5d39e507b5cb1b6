package graph

import "slices"

// links are the edges of a graph between known nodes, by index.
type links struct {
	edges    []link
	parents  [][]int
	children [][]int
	incoming [][]int // node → indices of the edges from its parents
	finally  []bool  // node → it runs after all others
}

type link struct {
	from, to int
	edge     Edge
}

func linksOf(g Graph) links {
	number := make(map[string]int, len(g.Nodes))
	for i, n := range g.Nodes {
		number[n.Name] = i
	}
	l := links{
		parents: make([][]int, len(g.Nodes)), children: make([][]int, len(g.Nodes)), incoming: make([][]int, len(g.Nodes)),
		finally: make([]bool, len(g.Nodes)),
	}
	for i, n := range g.Nodes {
		l.finally[i] = n.Finally
	}
	for _, e := range g.Edges {
		from, known := number[e.From]
		to, alsoKnown := number[e.To]
		if !known || !alsoKnown || from == to {
			continue
		}
		l.incoming[to] = append(l.incoming[to], len(l.edges))
		l.edges = append(l.edges, link{from, to, e})
		l.parents[to] = append(l.parents[to], from)
		l.children[from] = append(l.children[from], to)
	}
	return l
}

// layersOf puts every node one layer after the last of its parents, and finally
// nodes, which have none, into a layer after all others. Nodes of a cycle, which
// no valid workflow has, come in a layer before that.
func layersOf(l links) [][]int {
	missing := make([]int, len(l.parents)) // parents without a layer
	var current, rest, last []int
	for i, parents := range l.parents {
		missing[i] = len(parents)
		switch {
		case missing[i] > 0:
		case l.finally[i]:
			last = append(last, i)
		default:
			current = append(current, i)
		}
	}
	var layers [][]int
	for len(current) > 0 {
		layers = append(layers, current)
		var next []int
		for _, i := range current {
			for _, child := range l.children[i] {
				if missing[child]--; missing[child] == 0 {
					next = append(next, child)
				}
			}
		}
		slices.Sort(next) // the order of the file
		current = next
	}
	for i, m := range missing {
		if m > 0 {
			rest = append(rest, i)
		}
	}
	if len(rest) > 0 {
		layers = append(layers, rest)
	}
	if len(last) > 0 {
		layers = append(layers, last)
	}
	return layers
}
