// Package e2e holds the tests of the whole system as people run it: every
// service, worker, database and NATS is a process of its own, and any of them is
// killed while mixed workflows run. What the processes recorded is judged by
// internal/history/check.
//
// Choices are made from a seed, which is printed; HAMMERWORK_E2E_SEED makes them
// again. `make e2e` runs the tests and shows their figures.
package e2e
