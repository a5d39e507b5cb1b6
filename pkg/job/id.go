package job

import "github.com/google/uuid"

// ID identifies a job, a workflow or a lease. Jobs and workflows carry
// version 7 (ordered by creation), leases version 4 (unguessable).
// The zero ID means "none".
type ID = uuid.UUID

// NewID returns a fresh, time-ordered id. Ids are chosen before a transaction
// begins, so that a commit whose outcome is unknown can be asked about.
func NewID() ID { return uuid.Must(uuid.NewV7()) }

// ParseID reads the canonical text form of an id.
func ParseID(s string) (ID, error) { return uuid.Parse(s) }
