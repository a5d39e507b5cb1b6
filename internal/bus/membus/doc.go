// Package membus is a bus within one process, for tests only: the same
// behaviour as NATS (wildcards, queue groups, requests, sizes) without a
// server, and usable inside a testing/synctest bubble. Nothing that runs in
// production imports it; a test says so.
package membus
