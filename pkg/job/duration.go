package job

import (
	"encoding/json"
	"fmt"
	"time"
)

// Duration is a time.Duration that JSON and YAML write as Go does: "1m30s".
type Duration time.Duration

// String writes d as Go does.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText writes d as Go does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what time.ParseDuration reads.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration; write it like 30s, 5m or 1h30m", text)
	}
	*d = Duration(v)
	return nil
}

// UnmarshalJSON accepts only a string: a bare number has no unit.
func (d *Duration) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("%s is not a duration; write it as a string like \"30s\"", b)
	}
	return d.UnmarshalText([]byte(s))
}
