// Package mysqltest gives each test a MariaDB database of its own, with the
// schema in it, on a private server that all test binaries share (package
// servertest).
//
// HAMMERWORK_TEST_MYSQL_URL, when set, names a server to use instead, of MySQL
// or MariaDB. Its user must be allowed to create databases.
package mysqltest
