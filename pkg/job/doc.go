// Package job is the innermost language of Hammerwork: what one job is, the
// states it passes through, how an attempt may end and what that makes of the
// job. It performs no I/O and imports nothing else of the project.
//
// A job is claimed under a lease, attempted by a worker and ends exactly once.
// Its words are the words in SQL, JSON, metrics and on the command line.
package job
