// Package sqlstore is what every SQL database has in common: the order of
// statements in each transaction, what is read, decided and written. A dialect
// brings the statements under the names used here, and a Database that runs
// them.
package sqlstore
