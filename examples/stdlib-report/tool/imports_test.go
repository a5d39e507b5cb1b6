package main

import (
	"slices"
	"testing"
)

func TestTheImportGraphCountsDirectAndIndirectNeeds(t *testing.T) {
	g := newGraph([]Package{
		{Path: "a", Imports: []string{"b", "c", "elsewhere"}},
		{Path: "b", Imports: []string{"d"}},
		{Path: "c", Imports: []string{"b", "d"}},
		{Path: "d"},
	})
	if got := len(g.below("a")); got != 3 {
		t.Errorf("a needs %d packages, want 3", got)
	}
	if g.importers["d"] != 2 || g.importers["b"] != 2 || g.importers["a"] != 0 || g.importers["elsewhere"] != 0 {
		t.Errorf("importers: %v", g.importers)
	}
	if chain := g.longest(); !slices.Equal(chain, []string{"a", "c", "b", "d"}) {
		t.Errorf("longest chain is %v", chain)
	}
}

func TestTheLongestChainSurvivesACycle(t *testing.T) {
	g := newGraph([]Package{{Path: "a", Imports: []string{"b"}}, {Path: "b", Imports: []string{"a"}}})
	if chain := g.longest(); !slices.Equal(chain, []string{"a", "b"}) {
		t.Errorf("longest chain is %v", chain)
	}
}
