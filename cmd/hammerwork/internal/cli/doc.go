// Package cli is the command line: a file a command, flags that environment
// variables and a file can also set, and the one place where an error becomes
// a message, a hint and an exit code.
//
// Results go to stdout, everything else to stderr, so that a result can be
// piped.
package cli
