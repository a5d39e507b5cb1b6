package sqlstore

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/plainjson"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// maxItemErrors is how many failed items the result of a batch tells.
const maxItemErrors = 100

// maxItemError bounds what it tells of each, in bytes.
const maxItemError = 1 << 10

// batchNumbers is more than the result of a batch has bytes beside its errors.
const batchNumbers = 200

// result returns what parts that have ended come to; nil: it is too large.
func (a *assembly) result(kind workflow.PartsKind) (json.RawMessage, error) {
	switch kind {
	case workflow.PartsBatch:
		return a.batchResult()
	case workflow.PartsMap:
		return a.mapResult()
	}
	return a.lastResults()
}

func (a *assembly) tally() (total, completed, failed int) {
	t := a.p.Workflows[a.parts].Tally
	return t.Total, t.Completed, t.Failures() + t.Cancelled
}

func (a *assembly) batchResult() (json.RawMessage, error) {
	b := workflow.BatchResult{Errors: []workflow.ItemError{}}
	b.Total, b.Completed, b.Failed = a.tally()
	var err error
	if b.Failed > 0 {
		b.Errors, err = a.failed(maxItemErrors)
	}
	if err == nil {
		b.Errors, err = fitting(b.Errors, job.MaxResult-batchNumbers)
	}
	if err != nil {
		return nil, err
	}
	return plainjson.Marshal(b)
}

// fitting returns the first errors, as many as have so many bytes when they are
// encoded: of a text's bytes each may become six.
func fitting(list []workflow.ItemError, limit int) ([]workflow.ItemError, error) {
	bytes := 0
	for i, e := range list {
		text, err := plainjson.Marshal(e)
		if err != nil {
			return nil, err
		}
		if bytes += len(text) + len(","); bytes > limit {
			return list[:i], nil
		}
	}
	return list, nil
}

// failed reads the first items that did not complete.
func (a *assembly) failed(limit int) ([]workflow.ItemError, error) {
	var list []workflow.ItemError
	id := a.p.Workflows[a.parts].ID
	err := a.tx.Query("failed_parts", func(r Row) error {
		var e workflow.ItemError
		var status job.Status
		var reason job.Reason
		err := r.Scan(&e.Index, &e.Name, &status, &reason, &e.Error)
		if e.Error == "" {
			e.Error = string(status)
			if reason != "" {
				e.Error += " (" + string(reason) + ")"
			}
		}
		e.Error = ending(e.Error, maxItemError)
		list = append(list, e)
		return err
	}, id[:], limit)
	return list, err
}

// ending keeps the last bytes of a text.
func ending(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[len(s)-limit:], "")
}

// failures says what failed of parts that failed.
func (a *assembly) failures() (string, error) {
	total, _, failed := a.tally()
	list, err := a.failed(10)
	if err != nil {
		return "", err
	}
	what := "items"
	if a.p.jobs[a.node].parts.Kind == workflow.PartsWorkflow {
		what = "jobs"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d %s failed", failed, total, what)
	for _, e := range list {
		line := "; " + e.Name + ": " + ending(e.Error, 500)
		if b.Len()+len(line) > job.MaxError {
			break
		}
		b.WriteString(line)
	}
	return b.String(), nil
}

// sized asks how large results are together, and reads them if they are not too
// large for one.
func (a *assembly) sized(size, read string, scan func(name string, status job.Status, result []byte)) (fits bool, err error) {
	id := a.p.Workflows[a.parts].ID
	bytes := 0
	if err := a.tx.Query(size, func(r Row) error { return r.Scan(&bytes) }, id[:]); err != nil || bytes > job.MaxResult {
		return false, err
	}
	return true, a.tx.Query(read, func(r Row) error {
		var name string
		var status job.Status
		var result []byte
		err := r.Scan(&name, &status, &result)
		scan(name, status, result)
		return err
	}, id[:])
}

// mapResult is the list of the items' results in their order, or how many there
// are if these are too large together.
func (a *assembly) mapResult() (json.RawMessage, error) {
	var b bytes.Buffer
	fits, err := a.sized("results_bytes", "results_of_workflow", func(_ string, status job.Status, result []byte) {
		b.WriteByte(",["[boolInt(b.Len() == 0)])
		b.Write(orNull(status, result))
	})
	b.WriteByte(']')
	switch {
	case err != nil:
		return nil, err
	case fits && b.Len() <= job.MaxResult:
		return b.Bytes(), nil
	}
	var counts struct {
		Total     int  `json:"total"`
		Completed int  `json:"completed"`
		Failed    int  `json:"failed"`
		Truncated bool `json:"truncated"`
	}
	counts.Total, counts.Completed, counts.Failed = a.tally()
	counts.Truncated = true
	return json.Marshal(counts)
}

// lastResults is an object of the results of the jobs that nothing in the
// workflow depends on.
func (a *assembly) lastResults() (json.RawMessage, error) {
	object := map[string]json.RawMessage{}
	fits, err := a.sized("last_results_bytes", "last_results", func(name string, status job.Status, result []byte) {
		object[name] = orNull(status, result)
	})
	if err != nil || !fits {
		return nil, err
	}
	result, err := plainjson.Marshal(object)
	if len(result) > job.MaxResult {
		return nil, err
	}
	return result, err
}

func orNull(status job.Status, result []byte) json.RawMessage {
	if status != job.Completed || len(result) == 0 {
		return json.RawMessage("null")
	}
	return result
}
