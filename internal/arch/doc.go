// Package arch holds tests of the architecture: who may import whom, and what
// every file and package owes its readers. It reads the source of the whole
// module and has no code of its own.
package arch
