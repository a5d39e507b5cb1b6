package wire

import (
	"math"

	"github.com/hammerwork/hammerwork/internal/store"
)

// Stats counts the jobs of a workflow. Completed, failed, pending, running,
// skipped, cancelled and upstream_failed add up to total_jobs; the last four
// are contained in failed and pending.
type Stats struct {
	TotalJobs            int     `json:"total_jobs"`
	Completed            int     `json:"completed"`
	Failed               int     `json:"failed" doc:"Failed, dead and timed_out together."`
	Pending              int     `json:"pending" doc:"Pending, retrying and suspended together."`
	Running              int     `json:"running"`
	Skipped              int     `json:"skipped"`
	Cancelled            int     `json:"cancelled"`
	UpstreamFailed       int     `json:"upstream_failed"`
	CompletionPercentage float64 `json:"completion_percentage" doc:"Ended / total, one decimal; 100 only when all have ended."`
	Dead                 int     `json:"dead"`
	TimedOut             int     `json:"timed_out"`
	Retrying             int     `json:"retrying"`
	Suspended            int     `json:"suspended"`
}

// StatsFromRecord counts the jobs of a stored workflow.
func StatsFromRecord(w store.WorkflowRecord) Stats {
	t := w.Tally
	return Stats{
		TotalJobs:            t.Total,
		Completed:            t.Completed,
		Failed:               t.Failed + t.Dead + t.TimedOut,
		Pending:              t.Total - t.Ended() - w.Running,
		Running:              w.Running,
		Skipped:              t.Skipped,
		Cancelled:            t.Cancelled,
		UpstreamFailed:       t.UpstreamFailed,
		CompletionPercentage: Percentage(t.Ended(), t.Total),
		Dead:                 t.Dead,
		TimedOut:             t.TimedOut,
		Retrying:             w.Retrying,
		Suspended:            w.Suspended,
	}
}

// Percentage returns ended / total × 100 with one decimal. It is 100 only when
// all have ended, and 0 when there is nothing.
func Percentage(ended, total int) float64 {
	switch {
	case total == 0:
		return 0
	case ended >= total:
		return 100
	}
	return min(99.9, math.Round(float64(ended)/float64(total)*1000)/10)
}
