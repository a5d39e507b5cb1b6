package sqlstore

import (
	"encoding/hex"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// hexID is an id in a JSON parameter: 32 hex digits, null when zero.
type hexID job.ID

func (id hexID) MarshalJSON() ([]byte, error) {
	if id == (hexID{}) {
		return []byte("null"), nil
	}
	b := make([]byte, 0, 34)
	b = append(b, '"')
	b = hex.AppendEncode(b, id[:])
	return append(b, '"'), nil
}

func (id *hexID) UnmarshalJSON(b []byte) error {
	if len(b) != 34 {
		*id = hexID{}
		return nil
	}
	_, err := hex.Decode(id[:], b[1:33])
	return err
}

// queueRows queues a bulk statement for each page of list.
func queueRows[T any](tx Tx, name string, list []T, args ...any) {
	eachPage(tx, list, func(page []T) { tx.QueueExec(name, append([]any{page}, args...)...) })
}

// queueGuarded is queueRows for a statement that must change every row of list.
func queueGuarded[T any](tx Tx, name string, list []T, args ...any) {
	eachPage(tx, list, func(page []T) { tx.QueueGuarded(name, len(page), append([]any{page}, args...)...) })
}

// eachPage calls queue for each page of list, of pageRows and chunkBytes at
// most, and sends all but the last, so that they do not pile up. An error of
// theirs comes with the next flush.
func eachPage[T any](tx Tx, list []T, queue func(page []T)) {
	for begin, bytes, i := 0, 0, 0; i < len(list); i++ {
		if row, ok := any(&list[i]).(interface{ size() int }); ok {
			bytes += row.size()
		}
		if last := i == len(list)-1; last || i+1-begin == pageRows || bytes >= chunkBytes {
			queue(list[begin : i+1])
			if begin, bytes = i+1, 0; !last {
				_ = tx.Flush()
			}
		}
	}
}

// micros is t in microseconds, rounded up, so that a time is never reached
// before it has come. The zero time is 0.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Add(time.Microsecond - 1).UnixMicro()
}

// microsUp is d in microseconds, rounded up.
func microsUp(d time.Duration) int64 {
	return int64(d/time.Microsecond) + int64(boolInt(d%time.Microsecond > 0))
}

// timeOf is the inverse of micros.
func timeOf(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// nullID scans an id that may be null; null is the zero id.
type nullID struct{ id *job.ID }

func (n nullID) Scan(v any) error {
	if v == nil {
		*n.id = job.ID{}
		return nil
	}
	return n.id.Scan(v)
}

// nullTime scans microseconds that may be null; null is the zero time.
type nullTime struct{ t *time.Time }

func (n nullTime) Scan(v any) error {
	us, _ := v.(int64)
	*n.t = timeOf(us)
	return nil
}
