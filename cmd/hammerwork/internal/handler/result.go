package handler

import (
	"bytes"
	"encoding/json"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/sdk/worker"
)

// resultOf makes a result of what a program wrote or a server replied: out
// itself when it is JSON, else an object with out as text under key. Bytes
// that are not UTF-8 become U+FFFD.
func resultOf(out []byte, key string) (json.RawMessage, error) {
	out = bytes.ToValidUTF8(out, []byte("\uFFFD"))
	if !json.Valid(out) {
		var err error
		if out, err = encode(map[string]string{key: string(out)}); err != nil {
			return nil, err
		}
	}
	out = bytes.TrimSpace(out)
	if len(out) > job.MaxResult {
		return nil, worker.ErrResultTooLarge
	}
	return out, nil
}
