package workflow

// findCycles reports one cycle for every group of jobs that wait for each
// other, by an iterative depth-first search from child to parent.
func (v *validator) findCycles() {
	const (
		unseen = iota
		onPath
		finished
	)
	colour := make([]uint8, len(v.parents))
	next := make([]int, len(v.parents)) // the parent to look at next
	for start := range v.parents {
		if colour[start] != unseen {
			continue
		}
		path := []int{start}
		colour[start] = onPath
		for len(path) > 0 {
			top := path[len(path)-1]
			if next[top] == len(v.parents[top]) {
				colour[top] = finished
				path = path[:len(path)-1]
				continue
			}
			parent := v.parents[top][next[top]]
			next[top]++
			switch colour[parent] {
			case unseen:
				colour[parent] = onPath
				path = append(path, parent)
			case onPath:
				v.cycle(path, parent)
			}
		}
	}
}

// cycle reports the end of path that starts at job first. path runs from child
// to parent; the report runs the way the work would.
func (v *validator) cycle(path []int, first int) {
	var names []string
	for i := len(path) - 1; ; i-- {
		names = append(names, v.w.Jobs[path[i]].Name)
		if path[i] == first {
			break
		}
	}
	names = append(names, names[0])
	err := CycleError{Path: names}
	v.report.cycles = append(v.report.cycles, err)
	v.fault(CodeCycle, jobPath(first)+".depends_on", "remove one of these dependencies", "%s", err.Error())
}
