package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
)

// readCaught reads what caught the removal of each guard: a line each, its
// name, a tab, the package and the test or seed.
func readCaught(file string) (map[string]string, error) {
	caught := map[string]string{}
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return caught, nil
	}
	for line := range strings.Lines(string(data)) {
		if name, by, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			caught[name] = by
		}
	}
	return caught, err
}

func writeCaught(file string, caught map[string]string) error {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(caught)) {
		fmt.Fprintf(&b, "%s\t%s\n", name, caught[name])
	}
	return os.WriteFile(file, []byte(b.String()), 0o644)
}

// unseen stands for what caught a guard that was removed and that no test saw.
const unseen = "nothing"

// untried returns the names of the guards of which nobody knows whether a test
// sees them.
func untried(list []guard, caught map[string]string) []string {
	var names []string
	for _, g := range list {
		if g.kept == "" && caught[g.name] == "" {
			names = append(names, g.name)
		}
	}
	return names
}

// table shows guards and what caught their removal.
func table(list []guard, caught map[string]string) string {
	var b strings.Builder
	b.WriteString("| guard | in | kind | without it | caught by |\n|---|---|---|---|---|\n")
	for _, g := range list {
		if g.kept == "" {
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", cell(g.name), where(g), g.kind, cell(g.protects), catcher(caught[g.name]))
		}
	}
	return b.String()
}

// page is the document: the table, and the guards that no test can see.
func page(list []guard, caught map[string]string) string {
	var b strings.Builder
	b.WriteString("# Guards\n\n" +
		"<!-- Written by `go run ./scripts/guards -write`; change scripts/guards, not this page. -->\n\n" +
		"A guard is a condition that a statement or a function asks although all goes well without it, until two things happen\n" +
		"at once, a message comes twice or a process dies at the wrong moment. `go run ./scripts/guards` removes one at a time and\n" +
		"runs the contract suite of the stores, then seeds of the simulator, until a test fails. A guard whose removal goes\n" +
		"unseen fails the command. What the transactions of all databases share is removed for all at once; a statement of\n" +
		"PostgreSQL or MySQL has a row of its own. The last column is what failed when the guard was last removed.\n\n")
	if n := len(untried(list, caught)); n > 0 {
		fmt.Fprintf(&b, "%d guards were not tried since they were written or changed; the last column says so.\n\n", n)
	}
	b.WriteString(table(list, caught))
	b.WriteString("\n## Kept though no test can see them\n\n| guard | in | kind | why it can't be seen |\n|---|---|---|---|\n")
	for _, g := range list {
		if g.kept != "" {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", cell(g.name), where(g), g.kind, cell(g.kept))
		}
	}
	return b.String()
}

func where(g guard) string {
	file := path.Base(g.file)
	if list := dialectsOf(g.file); len(list) == 1 {
		file = list[0].folder + "/" + file
	}
	if g.place == "" {
		return file
	}
	return file + ": " + g.place
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// catcher names a test as its sentence.
func catcher(by string) string {
	pkg, test, _ := strings.Cut(by, " ")
	for _, d := range dialects {
		if sentence, ok := strings.CutPrefix(test, d.contract+"/"); ok && pkg == d.pkg {
			return strings.ReplaceAll(strings.Replace(sentence, "/", ": ", 1), "_", " ")
		}
	}
	switch by {
	case "":
		return "*not tried*"
	case unseen:
		return "**nothing**"
	}
	if seed, ok := strings.CutPrefix(test, "seed "); ok {
		return "simulator, seed " + seed
	}
	return strings.TrimPrefix(pkg, "./") + ": " + test
}
