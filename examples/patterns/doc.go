// Package patterns holds the patterns of jobs and workflows as examples that
// run: chains, fan-out and fan-in, conditions, failure policies, and what goes
// with them. Copy one to begin with. docs/seed-parity.md says which page of the
// original's documentation each is the counterpart of.
package patterns
