// Package remote is a client of the HTTP API for the operator's commands. A
// call is one request: it is not repeated, follows no redirects, reads a
// bounded answer, and returns either what the API said, its *wire.Problem, or
// an *Unreachable.
package remote
