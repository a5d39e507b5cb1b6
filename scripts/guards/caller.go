package main

// callerGuards are those of enqueues in a caller's own transaction.
var callerGuards = []guard{
	{
		name: "caller's transaction: it is the one that writes before anything is read", kind: order, file: "internal/store/sqlite/callertx.go", place: "Store.within",
		from: `statements["lock_file"]`, to: `"SELECT 1"`, protects: "an enqueue fails because another process wrote while it read",
	},
	{
		name: "caller's transaction: a refused enqueue leaves nothing", kind: whole, file: "internal/store/sqlite/callertx.go", place: "Store.within",
		from: `"ROLLBACK TO hammerwork_enqueue"`, to: `"SELECT 1"`, protects: "half of an enqueue that was refused is stored",
	},
	{
		name: "caller's transaction: an error of the last statement is one of the enqueue", kind: whole, file: "internal/store/sqlite/callertx.go", place: "Store.within",
		from: "err = t.Flush()", to: "err = nil", protects: "an enqueue that is not stored is said to be",
	},
}
