package main

import (
	"reflect"
	"strings"
	"testing"
)

func TestAPackageIsCounted(t *testing.T) {
	plan := fixturePlan(t)
	for _, want := range []Package{
		{
			Path: "errors", Files: 1, Lines: 13, Comments: 3, TestLines: 10, Tests: 2, Benchmarks: 1, Examples: 1, Fuzz: 1,
			Exported: 2, Documented: 1, Functions: 3, Imports: []string{"internal/cpu"},
		},
		{
			Path: "internal/cpu", Files: 1, Lines: 14, Comments: 2, Assembly: 2, Functions: 2, Generic: 1,
			Go: 1, Defer: 1, Goto: 1, Panic: 1, Linkname: 1, TODO: 2, Imports: []string{"unsafe"},
		},
		{Path: "unsafe", Files: 1, Lines: 12, Comments: 2, Exported: 4, Documented: 3},
		{
			Path: "net/http", Files: 1, Lines: 24, Comments: 2, Generated: 7, Exported: 3, Documented: 2, Functions: 1, Generic: 1,
			Imports: []string{"errors", "unsafe"},
		},
		{Path: "internal/testonly", TestLines: 3, Tests: 1},
	} {
		got, _, err := parsePackage(plan.Source, want.Path)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("counted\n%+v, want\n%+v", got, want)
		}
	}
}

func TestAFunctionIsMeasured(t *testing.T) {
	_, got, err := parsePackage(fixturePlan(t).Source, "net/http")
	want := []Function{{Name: "net/http.Server.Serve", File: "net/http/server.go", Line: 12, Lines: 13, Depth: 3, Complexity: 6}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("measured %+v, %v; want %+v", got, err, want)
	}
}

func TestOnlyTheHighestFunctionsAreKeptInFallingOrder(t *testing.T) {
	var top Top
	for i := range 3 * topSize {
		top.add(Function{Name: "f", Line: i, Lines: i, Depth: 100 - i, Complexity: i % 2})
	}
	if len(top.Longest) != topSize || top.Longest[0].Lines != 3*topSize-1 || top.Longest[1].Lines != 3*topSize-2 {
		t.Errorf("longest: %+v", top.Longest)
	}
	if top.Deepest[0].Depth != 100 || top.Complex[0].Complexity != 1 || top.Complex[0].Line != 1 {
		t.Errorf("deepest %+v, most complex %+v", top.Deepest[0], top.Complex[0])
	}
}

func TestAnUnknownGroupIsAnError(t *testing.T) {
	if _, err := analyse(fixturePlan(t), "fruit"); err == nil || !strings.Contains(err.Error(), `no group "fruit"`) {
		t.Errorf("error is %v", err)
	}
}
