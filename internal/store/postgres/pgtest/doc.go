// Package pgtest gives each test a PostgreSQL database of its own, with the
// schema in it. All test binaries of a user share one private server, which is
// started when the first of them asks and stopped when the last is gone, however
// it went: a supervisor (supervise) watches a lock that they hold.
//
// HAMMERWORK_TEST_POSTGRES_URL, when set, names a server to use instead. Its
// user must be allowed to create databases.
package pgtest
