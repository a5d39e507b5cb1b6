// Package service runs the services' loops. A loop is a Machine: a step
// function over (now, event) that changes only its own memory and answers with
// actions. Machines hold no goroutine, clock, connection or global randomness,
// so the simulator drives the very code that production runs. Goroutines,
// timers and I/O stay here, in Loop.
package service
