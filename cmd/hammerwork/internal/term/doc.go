// Package term is what the command line knows of terminals: whether a stream
// is one, how wide it is, the few colours, the marks of the statuses, and how
// text from outside is made safe and short.
package term
