// Package workflowfile reads workflow files in YAML or JSON. Every fault of a
// file comes in one report with its line and column: syntax, misspelt fields,
// wrong types, and all that workflow.Validate finds.
//
// A file is read into one tree of nodes with positions, whatever its format;
// one decoder makes the workflow of it. Files may come from strangers: size,
// depth and the growth through aliases are bounded.
package workflowfile
