package bus

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/hammerwork/hammerwork/pkg/plainjson"
)

// Version is the version of the envelope this build writes and reads.
const Version = 1

// Envelope is around every message.
type Envelope[T any] struct {
	Version       int    `json:"v"`
	ID            string `json:"id"`                       // of the message; a resend has the same
	TraceParent   string `json:"traceparent,omitempty"`    // W3C
	CorrelationID string `json:"correlation_id,omitempty"` // the user's own id
	Body          T      `json:"body"`
}

// ErrVersion says that a message has a version this build does not know.
var ErrVersion = errors.New("unknown message version")

// ErrMalformed says that a message cannot be read.
var ErrMalformed = errors.New("malformed message")

// Encode writes a message with body under id.
func Encode[T any](id string, body T) ([]byte, error) {
	return EncodeEnvelope(Envelope[T]{ID: id, Body: body})
}

// EncodeEnvelope writes e with this build's version. Texts are not escaped
// for HTML, so that sizes stay close to the content's.
func EncodeEnvelope[T any](e Envelope[T]) ([]byte, error) {
	e.Version = Version
	data, err := plainjson.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encode message: %w", err)
	}
	return data, nil
}

// Decode reads a message. Unknown fields are ignored; an unknown version is
// ErrVersion, anything unreadable ErrMalformed.
func Decode[T any](data []byte) (Envelope[T], error) {
	var e Envelope[T]
	var v struct {
		Version int `json:"v"`
	}
	if err := json.Unmarshal(data, &v); err != nil {
		return e, fmt.Errorf("%w: %v", ErrMalformed, err)
	}
	if v.Version != Version {
		return e, fmt.Errorf("%w %d; this build speaks %d", ErrVersion, v.Version, Version)
	}
	if err := json.Unmarshal(data, &e); err != nil {
		return e, fmt.Errorf("%w: %v", ErrMalformed, err)
	}
	return e, nil
}

// Text is JSON of a user carried as a JSON string, which keeps it byte for
// byte: an embedded value would be reformatted on its way.
type Text json.RawMessage

// MarshalText returns the bytes as they are. They must be valid UTF-8, which
// is checked where payloads and results enter.
func (t Text) MarshalText() ([]byte, error) { return t, nil }

// UnmarshalText keeps the bytes as they are.
func (t *Text) UnmarshalText(b []byte) error { *t = append(Text{}, b...); return nil }
