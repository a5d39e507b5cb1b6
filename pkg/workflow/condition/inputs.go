package condition

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// MaxRead is how many bytes of JSON an expression may speak of.
const MaxRead = 2 << 20

const maxDepth = 10_000 // how deep JSON may nest; encoding/json reads no deeper

var statuses = append([]job.Status{job.Pending, job.Running, job.Retrying, job.Suspended}, job.TerminalStatuses...)

// Parent is what an expression sees of one parent.
type Parent struct {
	Status   job.Status
	Result   json.RawMessage // empty is null
	Size     int             // bytes of the result, also if it was left out because they are too many
	Attempts int
}

// Inputs are what an expression is evaluated on. What it does not speak of may
// be left out.
type Inputs struct {
	Parents  map[string]Parent  // by name
	Only     string             // see Env
	Counts   map[job.Status]int // of direct parents; one that is left out is 0
	Payload  json.RawMessage    // empty is null
	Metadata json.RawMessage    // empty is null
	Now      time.Time
	Memo     *Memo // nil: every evaluation reads the results anew
}

// Add adds a parent, and counts it.
func (in *Inputs) Add(name string, p Parent) {
	if in.Parents == nil {
		in.Parents, in.Counts = map[string]Parent{}, map[job.Status]int{}
	}
	in.Parents[name] = p
	in.Counts[p.Status]++
}

// Env is what an expression can speak of that is evaluated on the inputs.
func (in Inputs) Env() Env {
	return Env{Parents: slices.Sorted(maps.Keys(in.Parents)), Only: in.Only}
}

// Ask parses a condition and evaluates it.
func (in Inputs) Ask(source string) (bool, error) {
	e, err := Parse(source, in.Env())
	if err != nil {
		return false, err
	}
	return e.Bool(in)
}

// Digest is the SHA-256, in hex, of a canonical form. Inputs that no
// expression can tell apart have the same: white space in JSON and the order
// of keys don't count, 3 and 3.0 differ.
func (in Inputs) Digest() string {
	parents := map[string]any{}
	for name, p := range in.Parents {
		parents[name] = map[string]any{"status": string(p.Status), "attempts": int64(p.Attempts), "result": in.Memo.read(p.Result).sum()}
	}
	counts := map[string]any{}
	for status, count := range in.Counts {
		if count != 0 {
			counts[string(status)] = int64(count)
		}
	}
	all := map[string]any{
		"parents": parents, "counts": counts, "payload": canonical(readingOf(in.Payload)), "metadata": canonical(readingOf(in.Metadata)),
		"now": in.Now.UTC().Format(time.RFC3339Nano),
	}
	if in.Only != "" {
		all["only"] = in.Only
	}
	w := &writer{limit: -1}
	w.value(all)
	sum := sha256.Sum256(w.out)
	return hex.EncodeToString(sum[:])
}

// variables are the inputs as the program names them, and no more than it uses.
func (e *Expression) variables(in Inputs) (map[string]any, error) {
	vars := map[string]any{"now": in.Now}
	left := MaxRead
	take := func(size int) error {
		if left -= size; left < 0 {
			return failure("let the parents report less", "the results that the expression speaks of have over %d bytes together", MaxRead)
		}
		return nil
	}
	read := func(r *reading, what string) (any, error) {
		if r.err != nil {
			return nil, failure("", "%s can't be read: %v", what, r.err)
		}
		return r.value, nil
	}
	if e.counts {
		counts := make(map[string]int64, len(statuses))
		for _, s := range statuses {
			counts[string(s)] = int64(in.Counts[s])
		}
		vars["counts"] = counts
	}
	results, states, attempts := map[string]any{}, map[string]string{}, map[string]int64{}
	for _, r := range e.deps {
		p, ok := in.Parents[r.name]
		if !ok {
			return nil, fmt.Errorf("evaluate %s: the inputs lack the parent %q", quote(e.source), r.name)
		}
		states[r.name], attempts[r.name] = string(p.Status), int64(p.Attempts)
	}
	vars[statusesVar], vars[attemptsVar], vars[resultsVar] = states, attempts, results
	names := e.Results()
	for _, name := range names {
		p, ok := in.Parents[name]
		if !ok {
			return nil, fmt.Errorf("evaluate %s: the inputs lack the parent %q", quote(e.source), name)
		}
		if err := take(max(len(p.Result), p.Size)); err != nil {
			return nil, err
		}
	}
	for _, name := range names {
		p := in.Parents[name]
		if p.Size > 0 && len(p.Result) == 0 {
			return nil, fmt.Errorf("evaluate %s: the inputs lack the result of %q", quote(e.source), name)
		}
		v, err := read(in.Memo.read(p.Result), fmt.Sprintf("the result of %q", name))
		if err != nil {
			return nil, err
		}
		results[name] = v
	}
	if e.only != "" {
		vars[onlyVar] = results[e.only]
	}
	for name, raw := range map[string]json.RawMessage{"payload": in.Payload, "metadata": in.Metadata} {
		if !e.uses[name] {
			continue
		}
		if err := take(len(raw)); err != nil {
			return nil, err
		}
		v, err := read(readingOf(raw), "the "+name)
		if err != nil {
			return nil, err
		}
		vars[name] = v
	}
	return vars, nil
}

// decode reads JSON as CEL takes it: nil, bool, string, int64, float64, []any
// and map[string]any.
func decode(raw json.RawMessage) (any, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("there is text after its end")
	}
	return numbers(v)
}

// numbers makes an int64 of a number written without fraction and exponent that
// fits, and a float64 of others.
func numbers(v any) (any, error) {
	var err error
	switch v := v.(type) {
	case json.Number:
		if !strings.ContainsAny(v.String(), ".eE") {
			if i, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
				return i, nil
			}
		}
		f, err := v.Float64()
		if err != nil {
			return nil, fmt.Errorf("the number %s is too large", quote(v.String()))
		}
		return f, nil
	case []any:
		for i := range v {
			if v[i], err = numbers(v[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for k := range v {
			if v[k], err = numbers(v[k]); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}
