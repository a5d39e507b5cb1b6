// Package progress shows a run as it goes: repainted in place on a terminal,
// a line an event elsewhere, or not at all.
//
// Events only change a small model, in constant time; the terminal is painted
// from it at most ten times a second, and a frame costs the same for ten jobs
// and for a hundred thousand.
package progress
