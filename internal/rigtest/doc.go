// Package rigtest runs programs as processes of their own for tests: the
// hammerwork that is in PATH, NATS servers of the version in go.mod. A process
// ends with its test, which shows what it said if it failed.
package rigtest
