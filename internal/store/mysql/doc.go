// Package mysql stores everything in a MySQL or MariaDB database. It keeps to
// what MySQL 8.0 and MariaDB 10.6 both understand.
package mysql
