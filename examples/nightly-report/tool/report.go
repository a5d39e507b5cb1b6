package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// parents are the results of the jobs that this job depends on, by name.
type parents map[string]struct {
	Result json.RawMessage `json:"result"`
}

func readParents(path string) (parents, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("HAMMERWORK_PARENTS_FILE: %w; this step runs as a job of workflow.yaml", err)
	}
	var p parents
	if err := json.Unmarshal(b, &p); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

// result decodes the result of one parent.
func result[T any](p parents, name string) (v T, err error) {
	if err := json.Unmarshal(p[name].Result, &v); err != nil {
		return v, fmt.Errorf("result of %s: %w", name, err)
	}
	return v, nil
}

// report joins the totals into a table in Markdown. A region that could not be
// added up has null in their list.
func report(parentsFile string) (string, error) {
	p, err := readParents(parentsFile)
	if err != nil {
		return "", err
	}
	names, err := result[[]string](p, "regions")
	if err != nil {
		return "", err
	}
	totals, err := result[[]*Total](p, "totals")
	if err != nil {
		return "", err
	}
	if len(totals) != len(names) {
		return "", fmt.Errorf("%d totals of %d regions", len(totals), len(names))
	}
	var b strings.Builder
	b.WriteString("| region | orders | pieces | sum |\n|---|--:|--:|--:|\n")
	var all Total
	for i, t := range totals {
		if t == nil {
			fmt.Fprintf(&b, "| %s | ? | ? | ? |\n", names[i])
			continue
		}
		b.WriteString(line(*t))
		all.Orders, all.Pieces, all.Cents = all.Orders+t.Orders, all.Pieces+t.Pieces, all.Cents+t.Cents
	}
	all.Region = "all"
	b.WriteString(line(all))
	return b.String(), nil
}

// line is a row of the table.
func line(t Total) string {
	return fmt.Sprintf("| %s | %d | %d | %d.%02d |\n", t.Region, t.Orders, t.Pieces, t.Cents/100, t.Cents%100)
}

// publish writes the report that was signed off to a file.
func publish(parentsFile, path string) (string, error) {
	p, err := readParents(parentsFile)
	if err != nil {
		return "", err
	}
	text, err := result[string](p, "report")
	if err != nil {
		return "", err
	}
	return text, os.WriteFile(path, []byte(text), 0o644)
}
