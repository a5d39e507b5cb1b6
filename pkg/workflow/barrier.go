package workflow

// Passed returns the barriers of p that complete when the nodes in ended end,
// as far as their counts say; that one of those fails stops more of them. What
// waits for them must be in the part.
func Passed(p *Part, ended map[int]bool) []int {
	resolved := make(map[int]int)
	for _, e := range p.Edges {
		child := &p.Nodes[e.Child]
		if !child.Barrier || child.Status.Terminal() || ended[e.Child] || e.State != EdgeUnresolved {
			continue
		}
		if ended[e.Parent] || p.Nodes[e.Parent].Ended() {
			resolved[e.Child]++
		}
	}
	var passed []int
	for i := range p.Nodes {
		if n := resolved[i]; n > 0 && n == p.Nodes[i].Counts.Unresolved {
			passed = append(passed, i)
		}
	}
	return passed
}
