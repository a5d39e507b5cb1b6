// Package serve runs services in a process: it builds them from one
// configuration, waits for their database and their NATS, and stops them in
// order.
package serve
