// Package database opens the store that a database URL names. It is the one
// place that knows every dialect.
package database
