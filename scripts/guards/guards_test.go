package main

import (
	"os"
	"testing"
)

// The table names texts of the source; when the source changes, so must it.
func TestEveryGuardIsWhereTheTableSaysItIs(t *testing.T) {
	t.Chdir("../..")
	if name := duplicates(guards); name != "" {
		t.Errorf("two guards are named %s", name)
	}
	for _, g := range guards {
		if _, err := os.Stat(g.file); err != nil {
			t.Errorf("%s: %v", g.name, err)
			continue
		}
		if _, err := g.without(); err != nil {
			t.Errorf("%s: %v", g.name, err)
		}
	}
}

// What is known of a guard that is gone says nothing, and a page that is older
// than the table says something else.
func TestThePageIsThatOfTheTable(t *testing.T) {
	t.Chdir("../..")
	known, err := readCaught(caughtFile)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, g := range guards {
		names[g.name] = true
	}
	for name := range known {
		if !names[name] {
			t.Errorf("%s tells of %s, which is no guard", caughtFile, name)
		}
	}
	data, err := os.ReadFile(tableFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(data) != page(guards, known) {
		t.Errorf("%s is not what the table says: go run ./scripts/guards -page", tableFile)
	}
}
