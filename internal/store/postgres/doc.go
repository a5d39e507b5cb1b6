// Package postgres stores everything in a PostgreSQL database, version 13 or
// later, for any number of services at once. A transaction's statements travel
// in as few round trips as its decisions allow.
package postgres
