package workflowfile

import (
	_ "embed"
	"slices"
)

//go:embed workflow.schema.json
var schema []byte

// Schema returns the JSON Schema (2020-12) of a workflow file, for editors and
// for clients. It knows structure only: unknown parents, cycles and words that
// this release does not run are found by Parse.
func Schema() []byte { return slices.Clone(schema) }
