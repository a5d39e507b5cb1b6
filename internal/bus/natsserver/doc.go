// Package natsserver runs a NATS server inside this process, for setups
// without one of their own: `run`, `dev`, tests. It is apart from package
// natsbus, so that a program that only connects does not link the server.
//
// The server speaks core NATS without persistence and without authentication.
package natsserver
