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
