package check

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/hammerwork/hammerwork/internal/history"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// Dir judges the history in a folder, with its final state.
func Dir(dir string) (Report, error) {
	h, err := history.Read(dir)
	if err != nil {
		return Report{}, err
	}
	f, err := history.ReadFinal(dir)
	if err != nil {
		return Report{}, err
	}
	return History(h, f), nil
}

// History judges records, by time, and a final state.
func History(h history.History, f history.Final) Report {
	j := newJudge(h, f)
	j.enqueues()
	j.open()
	for _, s := range j.ordered {
		if s.final == nil {
			j.unknown(s)
			continue
		}
		j.resets(s)
		j.endings(s)
		j.edges(s)
		j.parents(s)
		j.claims(s)
		j.starts(s)
		j.attempts(s)
		j.tries(s)
		j.verdicts(s)
		j.reruns(s)
	}
	j.workflows()
	return j.report
}

// judge is the work of one check.
type judge struct {
	*index
	report   Report
	below    map[job.ID][]child // made when first asked for
	absolved map[job.ID]bool    // job → it is caught
}

func newJudge(h history.History, f history.Final) *judge {
	j := &judge{index: newIndex(h, f), absolved: map[job.ID]bool{}}
	j.report = Report{
		Records: len(h.Records), Torn: h.Torn, Processes: j.processes, Instances: len(j.instances), Kills: j.kills,
		Workflows: len(f.Workflows), Jobs: len(f.Jobs), Reruns: map[Cause]int{},
	}
	return j
}

// breaks notes a violation with the records that prove it.
func (j *judge) breaks(c Code, proof []history.Record, format string, args ...any) {
	j.report.Violations = append(j.report.Violations, Violation{Code: c, Text: fmt.Sprintf(format, args...), Proof: slices.Clone(proof)})
}

// one is the proof that is one record.
func one(r history.Record) []history.Record { return []history.Record{r} }

// unknown judges a job that is not in the final state.
func (j *judge) unknown(s *subject) {
	j.report.Starts += len(s.started)
	if proof := slices.Concat(s.claimed, s.started, s.changed); len(proof) > 0 {
		j.breaks(LostEnqueue, proof, "job %s was worked on and is not stored", s.id)
	}
}

// at shows a time.
func at(ns int64) string { return time.Unix(0, ns).UTC().Format("15:04:05.000000") }

// between shows how long after another time a time is.
func between(from, to int64) time.Duration { return time.Duration(to - from).Round(time.Microsecond) }

func compareIDs(a, b job.ID) int { return bytes.Compare(a[:], b[:]) }
