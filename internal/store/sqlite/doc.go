// Package sqlite stores everything in one SQLite file, for one machine: one
// writer at a time, WAL, every commit on disk before it is answered.
package sqlite
