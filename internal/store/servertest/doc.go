// Package servertest runs a private database server for tests. All test
// binaries of a user share one of each kind, which is started when the first of
// them asks and stopped when the last is gone, however it went: a supervisor
// (Kind.Supervise) watches a lock that they hold.
package servertest
