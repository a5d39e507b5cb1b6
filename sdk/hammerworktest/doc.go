// Package hammerworktest runs a whole Hammerwork in the process of a test: a
// SQLite database in a temporary folder, NATS on a loopback port, and the
// services that production runs. What passes here runs there.
//
//	func TestAnOrderIsShipped(t *testing.T) {
//		e := hammerworktest.Start(t)
//		e.Work(func(w *worker.Worker) error { return worker.Handle(w, "ship", ship) })
//		…
//	}
package hammerworktest
