package client

import "github.com/hammerwork/hammerwork/internal/store"

// Facts a caller acts on, with errors.Is. Others are job.ErrNotFound,
// job.ErrWrongState and, for what is invalid, *workflow.Error with errors.As.
var (
	// ErrKeyReused says that an idempotency key came with another request
	// before. Nothing was stored.
	ErrKeyReused = store.ErrKeyReused
	// ErrUnknownParent says that a job depends on a job that is not stored.
	// Nothing was stored.
	ErrUnknownParent = store.ErrUnknownParent
	// ErrNoObject says that the new payload of a job whose inputs (With) are added
	// to it is not an object. Nothing was changed.
	ErrNoObject = store.ErrNoObject
	// ErrUnread says that the new payload is for a gate, a batch or a workflow within
	// another, which have no work of their own.
	ErrUnread = store.ErrUnread
	// ErrExists says that some of what was to be enqueued, but not all, is
	// stored already. Nothing was stored.
	ErrExists = store.ErrExists
	// ErrUnavailable says that the database could not be reached. What was asked
	// of it may have happened; asking again is safe.
	ErrUnavailable = store.ErrUnavailable
	// ErrOlderSchema says that the database must be migrated first.
	ErrOlderSchema = store.ErrOlderSchema
	// ErrNewerSchema says that the database was written by a newer version.
	ErrNewerSchema = store.ErrNewerSchema
)
