// Package history keeps what processes did, so that it can be judged when they
// are gone: one file of JSON Lines a process in a folder, each record written
// when it happened, in one write to the end of the file. A kill loses nothing
// that was written and leaves at most one torn line.
//
// Workers tell what they received, started, finished, reported and were
// answered; services what their transactions changed; a test that kills
// processes tells that. Ids and hashes are recorded, never payloads, results or
// errors. final.json beside the files is the state at the end (Final).
//
// Package watch makes the records where messages and transactions pass;
// package check reads a folder and says what is wrong:
//
//	h, err := history.Open(dir, "harness") // in the test
//	h.Killed(pid)
//	err = watch.Save(ctx, dir, store)      // at the end
//	report, err := check.Dir(dir)
//
// What a service did is recorded after its commit, so that a record may be
// missing whose transaction is not; what a worker does is recorded before
// anybody can know of it.
//
// All processes must share a clock, as those of one machine do.
package history
