// Package compare says in what two workflows differ: in their settings, their
// jobs and dependencies, and in what became of them. It compares outlines, which
// are made of a definition here, and of a stored workflow elsewhere.
package compare
