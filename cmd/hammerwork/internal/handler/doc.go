// Package handler holds the handlers of a worker without code: exec runs a
// program, http posts the job to a URL, simulate only pretends, and auto picks
// one of them by the job's payload.
//
// A fault of the payload is permanent, since another attempt would meet it
// again; what may pass, like a busy server or an exit code, is retried as the
// job's policy says.
package handler
