package worker

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// decode reads a payload into v. Its errors name the field at fault and show
// nothing of the payload, which may hold secrets.
func decode(payload json.RawMessage, v any) error {
	err := json.Unmarshal(payload, v)
	if err == nil {
		return nil
	}
	var syntax *json.SyntaxError
	var mismatch *json.UnmarshalTypeError
	var target *json.InvalidUnmarshalError
	switch {
	case errors.As(err, &target): // says nothing of the payload
		return fmt.Errorf("payload: %w", err)
	case errors.As(err, &syntax):
		return fmt.Errorf("payload: not JSON, at byte %d", syntax.Offset)
	case errors.As(err, &mismatch):
		kind, _, _ := strings.Cut(mismatch.Value, " ") // "number 300" has the number
		return fmt.Errorf("payload: %sthe %s does not fit into %s", place(mismatch.Field), kind, mismatch.Type)
	}
	return fmt.Errorf("payload: %sthe value does not fit into %s", place(culprit(payload, v)), reflect.TypeOf(v).Elem())
}

// place names a field at the start of an error.
func place(field string) string {
	if field == "" {
		return ""
	}
	return "field " + field + ": "
}

// culprit finds the field of an object that cannot be decoded, when a type
// that decodes itself did not say. It is empty when there is no such field.
func culprit(payload json.RawMessage, v any) string {
	var fields map[string]json.RawMessage
	if json.Unmarshal(payload, &fields) != nil {
		return ""
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		alone, err := json.Marshal(map[string]json.RawMessage{name: fields[name]})
		if err != nil {
			continue
		}
		fresh := reflect.New(reflect.TypeOf(v).Elem()).Interface()
		if json.Unmarshal(alone, fresh) != nil {
			return name
		}
	}
	return ""
}
