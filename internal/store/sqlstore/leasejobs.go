package sqlstore

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// leaseJob is an entry of a lease's list.
type leaseJob struct {
	id    job.ID
	epoch int64
}

// leaseJobs is the list of a lease. It travels as a JSON array of [id in hex,
// epoch], or as two arrays of PostgreSQL: {ids}|{epochs}.
type leaseJobs []leaseJob

// MarshalJSON implements json.Marshaler.
func (l leaseJobs) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, len(l)*40+2)
	b = append(b, '[')
	for i, j := range l {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `["`...)
		b = hex.AppendEncode(b, j.id[:])
		b = append(b, `",`...)
		b = strconv.AppendInt(b, j.epoch, 10)
		b = append(b, ']')
	}
	return append(b, ']'), nil
}

// MarshalText implements encoding.TextMarshaler.
func (l leaseJobs) MarshalText() ([]byte, error) {
	ids := append(make([]byte, 0, len(l)*40+5), '{')
	epochs := []byte("}|{")
	for i, j := range l {
		if i > 0 {
			ids, epochs = append(ids, ','), append(epochs, ',')
		}
		ids = hex.AppendEncode(ids, j.id[:])
		epochs = strconv.AppendInt(epochs, j.epoch, 10)
	}
	return append(append(ids, epochs...), '}'), nil
}

// Scan implements sql.Scanner.
func (l *leaseJobs) Scan(v any) error {
	var text []byte
	switch v := v.(type) {
	case string:
		text = []byte(v)
	case []byte:
		text = v
	}
	if bytes.HasPrefix(text, []byte("{")) {
		return l.parse(text)
	}
	var list []json.RawMessage
	if err := json.Unmarshal(text, &list); err != nil {
		return err
	}
	*l = make(leaseJobs, len(list))
	for i, entry := range list {
		var id hexID
		if err := json.Unmarshal(entry, &[2]any{&id, &(*l)[i].epoch}); err != nil {
			return err
		}
		(*l)[i].id = job.ID(id)
	}
	return nil
}

// parse reads {ids}|{epochs}.
func (l *leaseJobs) parse(text []byte) error {
	ids, epochs, _ := bytes.Cut(text, []byte("|"))
	idList, epochList := elements(ids), elements(epochs)
	if len(idList) != len(epochList) {
		return fmt.Errorf("a lease lists %d jobs and %d epochs", len(idList), len(epochList))
	}
	*l = make(leaseJobs, len(idList))
	for i := range *l {
		var err error
		if (*l)[i].id, err = uuid.ParseBytes(idList[i]); err != nil {
			return err
		}
		if (*l)[i].epoch, err = strconv.ParseInt(string(epochList[i]), 10, 64); err != nil {
			return err
		}
	}
	return nil
}

// elements splits an array of PostgreSQL whose elements need no quotes.
func elements(array []byte) [][]byte {
	inside := bytes.Trim(array, "{}")
	if len(inside) == 0 {
		return nil
	}
	return bytes.Split(inside, []byte(","))
}
