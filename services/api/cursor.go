package api

import (
	"encoding/base64"
	"encoding/binary"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// The lists whose cursors are not each other's.
const (
	workflowCursor   = 'w'
	jobCursor        = 'j'
	definitionCursor = 'd'
	auditCursor      = 'a'
	spawnedCursor    = 's'
)

// A cursor is a letter for its list and 16 bytes of a place in it.
func encodeCursor(list byte, place [16]byte) string {
	return base64.RawURLEncoding.EncodeToString(append([]byte{list}, place[:]...))
}

// decodeCursor reads a cursor of a list; an empty one is the start.
func decodeCursor(list byte, text string) (place [16]byte, err error) {
	if text == "" {
		return place, nil
	}
	raw, decodeErr := base64.RawURLEncoding.Strict().DecodeString(text)
	if decodeErr != nil || len(raw) != 17 || raw[0] != list {
		return place, badParameter("cursor", "pass the next_cursor of the page before, with the same filters", "is none that this list gave")
	}
	return [16]byte(raw[1:]), nil
}

// afterID writes the cursor behind a job or workflow; the zero id has none.
func afterID(list byte, id job.ID) string {
	if id == (job.ID{}) {
		return ""
	}
	return encodeCursor(list, id)
}

// afterPosition writes the cursor behind a position of a definition.
func afterPosition(n int) string {
	var place [16]byte
	binary.BigEndian.PutUint64(place[8:], uint64(n))
	return encodeCursor(definitionCursor, place)
}

// positionOf reads what afterPosition wrote.
func positionOf(text string) (int, error) {
	place, err := decodeCursor(definitionCursor, text)
	n := binary.BigEndian.Uint64(place[8:])
	if err == nil && n > 1<<31 {
		return 0, badParameter("cursor", "pass the next_cursor of the page before", "is none that this list gave")
	}
	return int(n), err
}
