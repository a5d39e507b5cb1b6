// Package api is the HTTP API under /api/v1: it takes workflows and jobs,
// answers what became of them, and does what operators ask for.
//
// It owns no truth and remembers nothing: each request is one or a few calls of
// the store, and any number of APIs may run. What a request changed is
// committed before it is answered. Its OpenAPI document is made of the code
// that serves, docs/openapi.json is a copy of it.
//
// Invariants: every error is a problem document with a code of package wire;
// payloads, results and tokens are in no error and no log; the body of a
// request is bounded while it is read; a page in a browser reaches the API
// from the API's own origin only.
//
// A lost message costs time, never work: the hints after an enqueue, a cancel
// or a resume are sent once, and whoever misses them finds the work by
// polling. Without a connection to the bus the API goes on.
package api
