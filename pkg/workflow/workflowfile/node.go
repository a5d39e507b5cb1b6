package workflowfile

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// kind is what a value of a file is, in JSON's words.
type kind uint8

const (
	null kind = iota
	boolean
	number
	text
	list
	object
)

// String names k in a sentence like "queue is a list".
func (k kind) String() string {
	return [...]string{"null", "a boolean", "a number", "a text", "a list", "an object"}[k]
}

// position is a place in a file, both from 1; a zero line is no place.
type position struct{ line, column int32 }

// node is one value of a file. Aliases share nodes, so a tree may be larger
// than what it takes to hold it; nothing may walk it without a bound.
type node struct {
	kind     kind
	verbatim bool  // scalar is the value as written in a JSON file, whatever its kind; it has no items or fields
	height   int16 // levels of lists and objects below and including it
	at       position
	scalar   string  // text: its characters; number and boolean: as in JSON
	items    []*node // of a list
	fields   []field // of an object, in the order of the file; names are unique
}

// field is a name of an object and its value.
type field struct {
	name  string
	at    position
	value *node
}

// get returns the value of a field, or nil.
func (n *node) get(name string) *node {
	for _, f := range n.fields {
		if f.name == name {
			return f.value
		}
	}
	return nil
}

// locate returns the place of a path like jobs[2].depends_on[0], or that of
// the deepest part of it that the file has.
func (n *node) locate(path string) position {
	for path != "" {
		var next *node
		if strings.HasPrefix(path, "[") {
			index, rest, _ := strings.Cut(path[1:], "]")
			path = strings.TrimPrefix(rest, ".")
			if i, err := strconv.Atoi(index); err == nil && i >= 0 && i < len(n.items) {
				next = n.items[i]
			}
		} else {
			end := strings.IndexAny(path, ".[")
			if end < 0 {
				end = len(path)
			}
			next = n.get(path[:end])
			path = strings.TrimPrefix(path[end:], ".")
		}
		if next == nil {
			break
		}
		n = next
	}
	return n.at
}

// positionOf counts lines and columns up to an offset.
func positionOf(data []byte, offset int) position {
	c := cursor{data: data, at: position{1, 1}}
	return c.to(offset)
}

// cursor turns rising offsets into positions, in one pass over the data.
type cursor struct {
	data   []byte
	offset int
	at     position
}

// to moves to an offset that is not before the last one.
func (c *cursor) to(offset int) position {
	for c.offset < offset {
		_, size := utf8.DecodeRune(c.data[c.offset:])
		if c.data[c.offset] == '\n' {
			c.at = position{c.at.line + 1, 1}
		} else {
			c.at.column++
		}
		c.offset += size
	}
	return c.at
}
