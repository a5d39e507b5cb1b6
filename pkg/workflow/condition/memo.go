package condition

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// maxMemo bounds what a Memo keeps, in bytes of JSON.
const maxMemo = 2 * MaxRead

// Memo remembers what results say, so that thousands of evaluations that read
// the same one decode it once. The same is what is the same piece of memory:
// nobody may change a text that it has seen. It is not safe for concurrent use.
type Memo struct {
	seen  map[place]*reading
	bytes int
}

// place is where a text is.
type place struct {
	first *byte
	size  int
}

// reading is what a text says.
type reading struct {
	raw    json.RawMessage
	value  any
	err    error
	digest string // empty: nobody has asked
}

// read returns what a text says. A nil memo remembers nothing.
func (m *Memo) read(raw json.RawMessage) *reading {
	if m == nil || len(raw) == 0 {
		return readingOf(raw)
	}
	at := place{&raw[0], len(raw)}
	r := m.seen[at]
	if r == nil {
		if m.bytes += len(raw); m.seen == nil || m.bytes > maxMemo {
			m.seen, m.bytes = map[place]*reading{}, len(raw)
		}
		r = readingOf(raw)
		m.seen[at] = r
	}
	return r
}

func readingOf(raw json.RawMessage) *reading {
	r := &reading{raw: raw}
	r.value, r.err = decode(raw)
	return r
}

// sum stands for the value in a digest: nil, or the SHA-256 of its canonical form.
func (r *reading) sum() any {
	switch {
	case r.err == nil && r.value == nil:
		return nil
	case r.digest == "":
		w := &writer{limit: -1}
		w.value(canonical(r))
		sum := sha256.Sum256(w.out)
		r.digest = hex.EncodeToString(sum[:])
	}
	return r.digest
}

// canonical is the value of a JSON text, or a stand-in for one that can't be
// read.
func canonical(r *reading) any {
	if r.err != nil {
		return []any{"not JSON", string(r.raw)}
	}
	return r.value
}
