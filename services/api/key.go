package api

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hammerwork/hammerwork/internal/store"
)

// maxKey bounds an idempotency key, in bytes.
const maxKey = store.MaxKey

// keyOf makes the key of a request; an empty value is none. The hash leaves out
// trace and correlation ids, which differ when a request is sent again.
func keyOf(value string, hash func() [32]byte) (store.Key, error) {
	if value == "" {
		return store.Key{}, nil
	}
	if len(value) > maxKey || !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl) {
		return store.Key{}, badParameter("idempotency_key", "a random UUID is a good one", "is not one line of at most %d bytes", maxKey)
	}
	return store.Key{Value: value, Hash: hash()}, nil
}
