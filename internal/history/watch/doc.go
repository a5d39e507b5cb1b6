// Package watch records a history where messages and transactions pass: around
// a store, a bus and a worker's machine. Nothing inside of them knows of it.
package watch
