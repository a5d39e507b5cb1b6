package main

import "strings"

// Package is what was counted in one package, over all operating systems and
// architectures. Unless it says otherwise a number is about files that are
// neither tests nor generated.
type Package struct {
	Path       string   `json:"path"`
	Files      int      `json:"files"`
	Lines      int      `json:"lines"`
	Comments   int      `json:"comments"`             // lines of comments
	Generated  int      `json:"generated,omitempty"`  // lines of generated files
	Assembly   int      `json:"assembly,omitempty"`   // lines of assembly
	TestLines  int      `json:"test_lines,omitempty"` // lines of test files
	Tests      int      `json:"tests,omitempty"`
	Benchmarks int      `json:"benchmarks,omitempty"`
	Examples   int      `json:"examples,omitempty"`
	Fuzz       int      `json:"fuzz,omitempty"`
	Exported   int      `json:"exported,omitempty"`   // names others may use, generated ones too; 0 in internal packages
	Documented int      `json:"documented,omitempty"` // those of them with a comment
	Functions  int      `json:"functions,omitempty"`
	Generic    int      `json:"generic,omitempty"` // functions and types with type parameters
	Go         int      `json:"go,omitempty"`      // go statements
	Defer      int      `json:"defer,omitempty"`
	Goto       int      `json:"goto,omitempty"`
	Panic      int      `json:"panic,omitempty"`    // calls of panic
	Linkname   int      `json:"linkname,omitempty"` // go:linkname directives
	TODO       int      `json:"todo,omitempty"`     // comments that say TODO
	Imports    []string `json:"imports,omitempty"`  // of the standard library, in order; generated files' too
}

// Public reports whether programs outside the standard library may import p.
func (p Package) Public() bool {
	for part := range strings.SplitSeq(p.Path, "/") {
		if part == "internal" {
			return false
		}
	}
	return true
}

// sum adds up one number of many packages.
func sum(packages []Package, number func(Package) int) int {
	total := 0
	for _, p := range packages {
		total += number(p)
	}
	return total
}
