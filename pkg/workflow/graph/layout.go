package graph

import (
	"slices"
	"unicode"
)

// Measures of a drawing, in pixels.
const (
	nodeHeight = 44.0
	nodeCorner = 8.0
	rowGap     = 14.0
	layerGap   = 72.0
	margin     = 24.0
	headHeight = 34.0
	minWidth   = 110.0
	maxWidth   = 280.0
	inset      = 14.0 // of the text in its node
	point      = 9.0  // of a gate, on both sides
	nameSize   = 13.0 // of the letters of a node's name
	queueSize  = 11.0 // of the queue below it
	sweeps     = 4
)

// layout is where the nodes of a drawing stand: layers from left to right.
type layout struct {
	x, y, w       []float64 // by node
	width, height float64
}

// place lays a graph out: the order within a layer follows the mean position
// of the neighbours in the layers around, back and forth; then every node is
// drawn towards its neighbours as far as the others let it.
func place(g Graph, l links) layout {
	layers := layersOf(l)
	p := layout{x: make([]float64, len(g.Nodes)), y: make([]float64, len(g.Nodes)), w: make([]float64, len(g.Nodes))}
	for _, layer := range layers {
		p.stack(layer)
	}
	for sweep := range sweeps {
		p.sweep(layers, l, sweep%2 == 1, true)
	}
	for sweep := range sweeps {
		p.sweep(layers, l, sweep%2 == 1, false)
	}
	p.columns(g, layers)
	p.frame()
	return p
}

// stack puts the nodes of a layer below each other in their order, centred
// around zero.
func (p *layout) stack(layer []int) {
	top := -float64(len(layer)-1) * (nodeHeight + rowGap) / 2
	for i, n := range layer {
		p.y[n] = top + float64(i)*(nodeHeight+rowGap)
	}
}

func (p *layout) sweep(layers [][]int, l links, backward, reorder bool) {
	neighbours := l.parents
	if backward {
		neighbours = l.children
	}
	for i := range layers {
		layer := layers[i]
		if backward {
			layer = layers[len(layers)-1-i]
		}
		wish := make(map[int]float64, len(layer))
		for _, n := range layer {
			wish[n] = p.mean(neighbours[n], p.y[n])
		}
		if reorder {
			slices.SortStableFunc(layer, func(a, b int) int { return compare(wish[a], wish[b]) })
			p.stack(layer)
			continue
		}
		p.settle(layer, wish)
	}
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func (p *layout) mean(nodes []int, otherwise float64) float64 {
	if len(nodes) == 0 {
		return otherwise
	}
	sum := 0.0
	for _, n := range nodes {
		sum += p.y[n]
	}
	return sum / float64(len(nodes))
}

// settle gives every node of a layer its wished position where there is room,
// keeping the order. Nodes that push each other stand as a block around the
// mean of their wishes.
func (p *layout) settle(layer []int, wish map[int]float64) {
	const step = nodeHeight + rowGap
	type block struct {
		first, count int
		sum          float64 // of wish − place within the block
	}
	top := func(b block) float64 { return b.sum / float64(b.count) }
	var blocks []block
	for i, n := range layer {
		b := block{i, 1, wish[n]}
		for len(blocks) > 0 {
			before := blocks[len(blocks)-1]
			if top(before)+float64(before.count)*step <= top(b) {
				break
			}
			b = block{before.first, before.count + b.count, before.sum + b.sum - float64(b.count)*float64(before.count)*step}
			blocks = blocks[:len(blocks)-1]
		}
		blocks = append(blocks, b)
	}
	for _, b := range blocks {
		for i := range b.count {
			p.y[layer[b.first+i]] = top(b) + float64(i)*step
		}
	}
}

// columns gives every layer the width of its widest node.
func (p *layout) columns(g Graph, layers [][]int) {
	x := margin
	for _, layer := range layers {
		width := minWidth
		for _, n := range layer {
			name, below := textWidth(g.Nodes[n].Name, nameSize), textWidth(subtitle(g.Nodes[n]), queueSize)
			width = min(maxWidth, max(width, name+2*inset, below+2*inset))
		}
		for _, n := range layer {
			p.x[n], p.w[n] = x, width
		}
		x += width + layerGap
	}
	p.width = max(x-layerGap+margin, 2*margin+minWidth)
}

// textWidth estimates the width of a text in letters of a size, rather too
// wide than too narrow.
func textWidth(s string, size float64) float64 {
	em := 0.0
	for _, r := range s {
		switch {
		case r > unicode.MaxLatin1 && r != '…':
			em += 1
		case unicode.IsUpper(r), r == '@', r == '%', r == '…':
			em += 0.78
		default:
			em += 0.62
		}
	}
	return em * size
}

// frame moves everything below the heading.
func (p *layout) frame() {
	top, bottom := 0.0, 0.0
	if len(p.y) > 0 {
		top, bottom = slices.Min(p.y), slices.Max(p.y)
	}
	for i := range p.y {
		p.y[i] += margin + headHeight - top
	}
	p.height = bottom - top + nodeHeight + headHeight + 2*margin
}
