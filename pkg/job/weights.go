package job

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// MaxWeight bounds the weight of a priority.
const MaxWeight = 1000

// Weights says how the priorities of a queue share what is claimed from it, by
// priority. The zero value is strict: the highest comes first, whatever waits
// below it. Else each has a weight from 1 to MaxWeight, so that none starves.
type Weights [Critical + 1]int

// Strict reports whether nothing is shared.
func (w Weights) Strict() bool { return w == Weights{} }

// Total is the sum of the weights.
func (w Weights) Total() (n int) {
	for _, x := range w {
		n += x
	}
	return n
}

// Validate reports every weight that is out of range.
func (w Weights) Validate() error {
	if w.Strict() {
		return nil
	}
	var errs []error
	for p, x := range w {
		if x < 1 || x > MaxWeight {
			errs = append(errs, fmt.Errorf("the weight of %s is %d; it must be from 1 to %d", Priority(p), x, MaxWeight))
		}
	}
	return errors.Join(errs...)
}

// String writes what ParseWeights reads, the highest priority first; strict is
// empty.
func (w Weights) String() string {
	if w.Strict() {
		return ""
	}
	var list []string
	for p, x := range slices.Backward(w[:]) {
		list = append(list, fmt.Sprintf("%s=%d", Priority(p), x))
	}
	return strings.Join(list, ",")
}

// ParseWeights reads weights like "critical=16,high=8,normal=4,low=2". A
// priority that is not named has the weight 1; the empty text is strict.
func ParseWeights(text string) (w Weights, err error) {
	if text == "" {
		return w, nil
	}
	named := make(map[Priority]int)
	for _, part := range strings.Split(text, ",") {
		name, number, found := strings.Cut(strings.TrimSpace(part), "=")
		if !found {
			return Weights{}, fmt.Errorf("%q is not PRIORITY=WEIGHT", part)
		}
		p, err := ParsePriority(name)
		if err != nil {
			return Weights{}, err
		}
		if _, twice := named[p]; twice {
			return Weights{}, fmt.Errorf("%s is there twice", p)
		}
		if named[p], err = strconv.Atoi(number); err != nil {
			return Weights{}, fmt.Errorf("the weight of %s, %q, is not a whole number", p, number)
		}
	}
	return weightsOf(named)
}

// weightsOf fills up weights by priority.
func weightsOf(named map[Priority]int) (w Weights, err error) {
	if len(named) == 0 {
		return w, nil
	}
	for p := range w {
		w[p] = 1
		if x, found := named[Priority(p)]; found {
			w[p] = x
		}
	}
	if err := w.Validate(); err != nil {
		return Weights{}, err
	}
	return w, nil
}

// MarshalJSON writes an object with a weight for each priority; strict is null.
func (w Weights) MarshalJSON() ([]byte, error) {
	if w.Strict() {
		return []byte("null"), nil
	}
	named := make(map[Priority]int, len(w))
	for p, x := range w {
		named[Priority(p)] = x
	}
	return json.Marshal(named)
}

// UnmarshalJSON reads an object as ParseWeights reads a text; null and {} are
// strict.
func (w *Weights) UnmarshalJSON(data []byte) error {
	var named map[Priority]int
	if err := json.Unmarshal(data, &named); err != nil {
		return err
	}
	read, err := weightsOf(named)
	if err == nil {
		*w = read
	}
	return err
}
