package job

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/google/uuid"
)

// ID identifies a job, a workflow or a lease. Jobs and workflows carry
// version 7 (ordered by creation), leases version 4 (unguessable).
// The zero ID means "none".
type ID = uuid.UUID

// NewID returns a fresh, time-ordered id. Ids are chosen before a transaction
// begins, so that a commit whose outcome is unknown can be asked about.
func NewID() ID { return uuid.Must(uuid.NewV7()) }

// DerivedID returns the id that follows from a time, an index and all that tells
// what it is the id of, so that making that can be repeated. Like every id it begins
// with the time, in milliseconds. The lowest 20 bits of index come next: ids of one
// time are in the order of their indexes. A hash of the whole index and of the parts is the rest.
func DerivedID(at time.Time, index int, of ...[]byte) (id ID) {
	h := sha256.New()
	write := func(n uint64) { h.Write(binary.BigEndian.AppendUint64(nil, n)) }
	write(uint64(index))
	for _, part := range of {
		write(uint64(len(part)))
		h.Write(part)
	}
	copy(id[8:], h.Sum(nil))
	binary.BigEndian.PutUint64(id[:8], uint64(at.UnixMilli())<<16|7<<12|uint64(index)>>8&0xfff) // version 7
	id[8] = 0x80 | byte(index)>>2&0x3f                                                          // the variant
	id[9] = byte(index)<<6 | id[9]&0x3f
	return id
}

// IDTime returns the time that an id begins with.
func IDTime(id ID) time.Time {
	return time.UnixMilli(int64(binary.BigEndian.Uint64(id[:8]) >> 16))
}

// ParseID reads the canonical text form of an id.
func ParseID(s string) (ID, error) { return uuid.Parse(s) }
