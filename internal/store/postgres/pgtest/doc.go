// Package pgtest gives each test a PostgreSQL database of its own, with the
// schema in it, on a private server that all test binaries share (package
// servertest).
//
// HAMMERWORK_TEST_POSTGRES_URL, when set, names a server to use instead. Its
// user must be allowed to create databases.
package pgtest
