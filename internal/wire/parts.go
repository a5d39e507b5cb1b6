package wire

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// Parts is what a job is made of.
type Parts struct {
	Kind        string `json:"kind" enum:"batch,map,workflow"`
	Mode        string `json:"mode" doc:"Of a batch: continue_on_error, collect_errors or fail_fast."`
	Over        string `json:"over" doc:"Of a map: the list, in CEL."`
	MaxParallel int    `json:"max_parallel" doc:"Of a map: how many items run at once; 0: all."`
	Tolerate    int    `json:"tolerate" doc:"Of a map: how many items may fail; -1: any number."`
	WorkflowID  string `json:"workflow_id" doc:"What runs as the job. Empty: the items of a map are not made yet."`
	Status      string `json:"status" doc:"Of that workflow."`
	Stats       Stats  `json:"stats" doc:"Of that workflow. Where its job is not shown alone, those that run count as pending."`
}

// partsOf makes the JSON of parts; nil is none.
func partsOf(p *store.PartsRecord) *Parts {
	if p == nil {
		return nil
	}
	return &Parts{
		Kind: string(p.Kind), Mode: string(p.Mode), Over: p.Over, MaxParallel: p.MaxParallel, Tolerate: p.Tolerate,
		WorkflowID: text(p.Workflow), Status: string(p.Status), Stats: StatsFromRecord(store.WorkflowRecord{Tally: p.Tally}),
	}
}

// Batch is a job of items, a batch or a map, and how these stand.
type Batch struct {
	ID            string          `json:"id"`
	Name          string          `json:"name"`
	Queue         string          `json:"queue"`
	Kind          string          `json:"kind" enum:"batch,map"`
	Status        string          `json:"status" enum:"pending,running,retrying,suspended,completed,failed,dead,timed_out,cancelled,skipped,upstream_failed" doc:"suspended: its items run."`
	Reason        string          `json:"reason"`
	Mode          string          `json:"mode" doc:"Of a batch: continue_on_error, collect_errors or fail_fast."`
	Run           int             `json:"run" doc:"From 1; a retry is the next run."`
	WorkflowID    string          `json:"workflow_id" doc:"That it belongs to; empty: none."`
	ItemsID       string          `json:"items_workflow_id" doc:"The workflow whose jobs are the items; empty: not made yet."`
	TraceID       string          `json:"trace_id"`
	CorrelationID string          `json:"correlation_id"`
	CreatedAt     *time.Time      `json:"created_at"`
	StartedAt     *time.Time      `json:"started_at"`
	FinishedAt    *time.Time      `json:"finished_at"`
	Stats         Stats           `json:"stats" doc:"Of the items."`
	Failures      []BatchFailure  `json:"failures" doc:"Items that did not complete, at most 20."`
	Error         string          `json:"error"`
	Result        json.RawMessage `json:"result"`
}

// BatchFailure is an item that did not complete.
type BatchFailure struct {
	Index  int    `json:"index" doc:"From 0."`
	ID     string `json:"id"`
	Name   string `json:"name"`
	Status string `json:"status"`
	Error  string `json:"error"`
}

// MaxBatchFailures is how many failures a batch is shown with.
const MaxBatchFailures = 20

// BatchFromRecord makes the JSON of a job of items, which are the jobs of
// items, the zero record: they are not made yet.
func BatchFromRecord(j store.JobRecord, items store.WorkflowRecord, failed []store.JobRecord) Batch {
	out := Batch{
		ID: text(j.ID), Name: j.Name, Queue: j.Queue, Kind: string(j.Parts.Kind), Status: string(j.Status), Reason: string(j.Reason),
		Mode: string(j.Parts.Mode), Run: max(1, j.Run), WorkflowID: text(j.Workflow), ItemsID: text(items.ID), TraceID: j.TraceID, CorrelationID: j.CorrelationID,
		CreatedAt: moment(j.CreatedAt), StartedAt: moment(j.StartedAt), FinishedAt: moment(j.FinishedAt),
		Stats: StatsFromRecord(items), Failures: []BatchFailure{}, Error: j.Error, Result: value(j.Result),
	}
	for _, f := range failed {
		out.Failures = append(out.Failures, BatchFailure{Index: ItemIndex(f.Name), ID: text(f.ID), Name: f.Name, Status: string(f.Status), Error: f.Error})
	}
	slices.SortFunc(out.Failures, func(a, b BatchFailure) int { return cmp.Compare(a.Index, b.Index) })
	out.Failures = out.Failures[:min(len(out.Failures), MaxBatchFailures)]
	return out
}

// BatchItem is an item of a batch or a map, as an export has it.
type BatchItem struct {
	Index      int             `json:"index" doc:"From 0."`
	ID         string          `json:"id"`
	Name       string          `json:"name"`
	Status     string          `json:"status"`
	Reason     string          `json:"reason"`
	Attempt    int             `json:"attempt" doc:"The one that runs, else how many were counted."`
	StartedAt  *time.Time      `json:"started_at"`
	FinishedAt *time.Time      `json:"finished_at"`
	Payload    json.RawMessage `json:"payload"`
	Result     json.RawMessage `json:"result"`
	Error      string          `json:"error"`
}

// BatchItemFromRecord makes the JSON of an item.
func BatchItemFromRecord(j store.JobRecord) BatchItem {
	out := BatchItem{
		Index: ItemIndex(j.Name), ID: text(j.ID), Name: j.Name, Status: string(j.Status), Reason: string(j.Reason), Attempt: j.Earlier + j.Attempts,
		StartedAt: moment(j.StartedAt), FinishedAt: moment(j.FinishedAt), Payload: value(j.Payload), Result: value(j.Result), Error: j.Error,
	}
	if j.Status == job.Running {
		out.Attempt++
	}
	return out
}

// ItemIndex reads the place of an item from its name, like mail[7].
func ItemIndex(name string) int {
	i := strings.LastIndexByte(name, '[')
	n, _ := strconv.Atoi(strings.TrimSuffix(name[i+1:], "]")) // a name that is none's has no place
	return n
}
