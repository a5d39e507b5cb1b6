package workflowfile

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// Bounds of a file.
const (
	DefaultMaxBytes = 64 << 20
	maxDepth        = 1000      // nested lists and objects, aliases followed
	maxValues       = 4_000_000 // values in a file, keys not counted
	maxFaults       = 100       // in one report; the rest is counted in its last line
)

// Options change how a file is read. The zero value is ready to use.
type Options struct {
	Set        map[string]string // merged into the metadata as strings; beats the file
	MaxBytes   int               // size of the file; default DefaultMaxBytes
	Limits     workflow.Limits   // of the workflow; see workflow.ValidateLimits
	NoSchedule bool              // a schedule is a fault, also of a job: the workflow is to run once
}

// Parse reads and validates a workflow file. A file named *.json, or one that
// is a JSON object, is JSON; everything else is YAML. filename is only that
// and the file's name in reports. The error is a *workflow.Error with every
// fault, in the order of the file.
func Parse(filename string, data []byte, opts Options) (*workflow.Workflow, error) {
	var w *workflow.Workflow
	err := decode(filename, data, opts, func(d *decoder, root *node) error {
		w = d.workflow(root, "")
		d.set(w, opts.Set)
		if opts.NoSchedule {
			d.noSchedule(w, root)
		}
		return w.ValidateLimits(opts.Limits)
	})
	if err != nil {
		return nil, err
	}
	return w, nil
}

// noSchedule refuses what says when a workflow is to be made again.
func (d *decoder) noSchedule(w *workflow.Workflow, root *node) {
	const hint = "hammerwork cron create --file makes it a schedule; leave it out to run the workflow once"
	if n := root.get("schedule"); n != nil {
		d.fault(n.at, "schedule", hint, "the workflow has a schedule, and was to run once")
	}
	for i, j := range w.Jobs {
		if path := indexed("jobs", i) + ".cron"; j.Cron != "" {
			d.fault(root.locate(path), path, hint, "job %q has a cron, and the workflow was to run once", j.Name)
			return
		}
	}
}

// decode reads a file, lets make read its tree and validate what it made, and
// returns a *workflow.Error with every fault in the order of the file.
func decode(filename string, data []byte, opts Options, make func(d *decoder, root *node) error) error {
	root, duplicates, err := read(filename, data, cmp.Or(opts.MaxBytes, DefaultMaxBytes))
	if err != nil {
		var s *syntaxError
		if !errors.As(err, &s) {
			return err
		}
		return &workflow.Error{File: filename, Faults: []workflow.Fault{s.fault}}
	}
	d := &decoder{bad: map[string]bool{}, budget: DefaultMaxBytes, most: max(maxWithin, opts.Limits.Jobs)}
	for _, f := range duplicates {
		d.add(f)
	}
	report := &workflow.Error{}
	if err := make(d, root); err != nil && !errors.As(err, &report) {
		return err
	}
	for _, f := range report.Faults {
		if !d.covered(f.Path) {
			at := root.locate(f.Path)
			f.Line, f.Column = int(at.line), int(at.column)
			d.add(f)
		}
	}
	if len(d.faults) == 0 {
		return nil
	}
	report.File, report.Faults = filename, d.report()
	return report
}

// read makes the tree of a file. Of a field that is there twice it keeps the
// first and returns a fault.
func read(filename string, data []byte, maxBytes int) (*node, []workflow.Fault, error) {
	if len(data) > maxBytes {
		return nil, nil, tooLarge(position{}, "the file has %d bytes; at most %d are allowed", len(data), maxBytes)
	}
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return nil, nil, syntax(position{1, 1}, "save the file as UTF-8", "the file is UTF-16")
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if err := checkText(data); err != nil {
		return nil, nil, err
	}
	trimmed := bytes.TrimSpace(data)
	switch {
	case len(trimmed) == 0:
		return nil, nil, empty()
	case strings.EqualFold(filepath.Ext(filename), ".json"), trimmed[0] == '{' && json.Valid(trimmed):
		return readJSON(data)
	default:
		return readYAML(data)
	}
}

// checkText refuses what is no text in any format.
func checkText(data []byte) error {
	for i := 0; i < len(data); {
		if c := data[i]; c < utf8.RuneSelf {
			if c == 0 {
				return syntax(positionOf(data, i), "remove the character", "the file contains U+0000")
			}
			i++
			continue
		}
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return syntax(positionOf(data, i), "save the file as UTF-8", "the file is not valid UTF-8")
		}
		i += size
	}
	return nil
}

// syntaxError is a fault after which nothing of the file can be told.
type syntaxError struct{ fault workflow.Fault }

func (e *syntaxError) Error() string { return e.fault.Message }

func syntax(at position, hint, format string, args ...any) *syntaxError {
	return &syntaxError{workflow.Fault{
		Code: workflow.CodeInvalid, Line: int(at.line), Column: int(at.column), Hint: hint, Message: fmt.Sprintf(format, args...),
	}}
}

func tooLarge(at position, format string, args ...any) *syntaxError {
	e := syntax(at, "split it into several workflows", format, args...)
	e.fault.Code = workflow.CodeTooLarge
	return e
}

func empty() *syntaxError {
	return syntax(position{1, 1}, "a workflow file has at least name and jobs", "the file is empty")
}

// report returns the faults in the order of the file, those without a place
// last.
func (d *decoder) report() []workflow.Fault {
	line := func(f workflow.Fault) int {
		if f.Line == 0 {
			return math.MaxInt
		}
		return f.Line
	}
	slices.SortStableFunc(d.faults, func(a, b workflow.Fault) int {
		return cmp.Or(cmp.Compare(line(a), line(b)), cmp.Compare(a.Column, b.Column))
	})
	if d.dropped > 0 {
		return append(d.faults, workflow.Fault{Code: workflow.CodeInvalid, Message: fmt.Sprintf("and %d more faults", d.dropped)})
	}
	return d.faults
}
