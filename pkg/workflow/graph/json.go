package graph

import (
	"bufio"
	"encoding/json"
	"io"
)

// writeJSON writes g as an indented object, a node or an edge at a time.
func writeJSON(to io.Writer, g Graph) error {
	name, err := json.Marshal(g.Name)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(to)
	w.WriteString("{\n  \"name\": " + string(name))
	if err := writeList(w, "nodes", g.Nodes); err != nil {
		return err
	}
	if err := writeList(w, "edges", g.Edges); err != nil {
		return err
	}
	w.WriteString("\n}\n")
	return w.Flush()
}

// writeList writes a list as a further field.
func writeList[T any](w *bufio.Writer, name string, items []T) error {
	const indent = "    "
	w.WriteString(",\n  \"" + name + "\": [")
	between := "\n" + indent
	for _, item := range items {
		text, err := json.MarshalIndent(item, indent, "  ")
		if err != nil {
			return err
		}
		w.WriteString(between)
		if _, err := w.Write(text); err != nil {
			return err
		}
		between = ",\n" + indent
	}
	if len(items) > 0 {
		w.WriteString("\n  ")
	}
	_, err := w.WriteString("]")
	return err
}
