package e2e

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/hammerwork/hammerwork/internal/history"
	"github.com/hammerwork/hammerwork/internal/history/check"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// figures are what a run tells of itself.
type figures struct {
	base   string
	seed   uint64
	began  time.Time
	took   time.Duration
	ends   []time.Time // of all jobs
	gaps   []gap
	report check.Report
	past   history.History
}

// quiet returns the longest time between two ends of jobs that begins in
// [from, to), or reaches into it.
func (r *figures) quiet(from, to time.Time) time.Duration {
	last, longest := from, time.Duration(0)
	for _, end := range r.ends {
		if end.Before(from) {
			continue
		}
		longest = max(longest, end.Sub(last))
		if last = end; !end.Before(to) {
			break
		}
	}
	return longest
}

// gap is a time in which something that all need was away.
type gap struct {
	what           string
	at             time.Time
	away           time.Duration // until it answers again
	started, ended time.Duration // from then until a job starts, and one ends
}

// print shows the figures as tables.
func (r *figures) print(t *testing.T, f *fleet, d *driver) {
	slices.SortFunc(r.ends, time.Time.Compare)
	var text strings.Builder
	jobs := len(r.ends)
	fmt.Fprintf(&text, "%s, seed %d, race detector %t\n\n", r.base, r.seed, races)
	kills := f.kills()
	table(&text,
		[]string{"workflows", fmt.Sprint(len(d.ids))},
		[]string{"jobs", fmt.Sprintf("%d, %d of them without a workflow", jobs, len(d.alone))},
		[]string{"wall time", seconds(r.took)},
		[]string{"jobs/s", fmt.Sprintf("%.0f", float64(jobs)/r.took.Seconds())},
		[]string{"kills", fmt.Sprint(len(kills))},
		[]string{"requests sent again", fmt.Sprint(d.repeat.Load())},
		[]string{"handler starts", fmt.Sprint(r.report.Starts)},
		[]string{"started again", r.reruns()},
		[]string{"records", fmt.Sprintf("%d, %d torn", r.report.Records, r.report.Torn)},
		[]string{"violations", fmt.Sprint(len(r.report.Violations))},
	)
	if len(kills) > 0 {
		rows := [][]string{{"KILLED", "AT", "DOWN", "READY AFTER", "ITS JOBS AGAIN AFTER", "NO JOB ENDED FOR"}}
		for i, k := range kills {
			to := k.at.Add(pace)
			if i+1 < len(kills) {
				to = kills[i+1].at
			}
			rows = append(rows, []string{k.name, seconds(k.at.Sub(r.began)), seconds(k.down), seconds(k.ready), r.again(k), seconds(r.quiet(k.at, to))})
		}
		table(&text, rows...)
	}
	if len(r.gaps) > 0 {
		rows := [][]string{{"AWAY", "AT", "FOR", "A JOB STARTS AFTER", "ONE ENDS AFTER"}}
		for _, g := range r.gaps {
			rows = append(rows, []string{g.what, seconds(g.at.Sub(r.began)), seconds(g.away), seconds(g.started), seconds(g.ended)})
		}
		table(&text, rows...)
	}
	table(&text, f.memory()...)
	t.Log("\n" + text.String())
}

// table writes rows in columns.
func table(text *strings.Builder, rows ...[]string) {
	w := tabwriter.NewWriter(text, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(w, "  "+strings.Join(row, "\t"))
	}
	w.Flush()
	fmt.Fprintln(text)
}

// again says when the last of the jobs that a worker's death cut off started
// again, from its kill on.
func (r *figures) again(k named) string {
	ran := map[job.ID]bool{} // on that worker, when it was killed
	last := time.Duration(-1)
	at := k.at.UnixNano()
	for _, p := range r.past.Records {
		switch {
		case p.Kind == history.Started && p.Worker == k.name && p.Time < at:
			ran[p.Job] = true
		case p.Kind == history.Finished && p.Worker == k.name && p.Time < at:
			delete(ran, p.Job)
		case p.Kind == history.Started && ran[p.Job]:
			delete(ran, p.Job)
			last = max(last, time.Duration(p.Time-at))
		}
	}
	if last < 0 {
		return "-"
	}
	return seconds(last)
}

// reruns says how many handlers started again, by cause.
func (r *figures) reruns() string {
	total := 0
	var parts []string
	for _, c := range slices.Sorted(maps.Keys(r.report.Reruns)) {
		total += r.report.Reruns[c]
		parts = append(parts, fmt.Sprintf("%s %d", c, r.report.Reruns[c]))
	}
	if total == 0 {
		return "0"
	}
	return fmt.Sprintf("%d: %s", total, strings.Join(parts, ", "))
}

// named is a kill of a member.
type named struct {
	kill
	name string
}

// kills returns all kills by time.
func (f *fleet) kills() []named {
	var list []named
	for _, m := range f.members {
		for _, k := range m.kills {
			list = append(list, named{k, m.name})
		}
	}
	slices.SortFunc(list, func(a, b named) int { return a.at.Compare(b.at) })
	return list
}

// memory returns a table of the most that each process used.
func (f *fleet) memory() [][]string {
	rows := [][]string{{"PROCESS", "PEAK MEMORY"}}
	members := slices.Clone(f.members)
	slices.SortStableFunc(members, func(a, b *member) int { return cmp.Compare(a.name, b.name) })
	for _, m := range members {
		size := "unknown"
		if m.peak > 0 {
			size = fmt.Sprintf("%d MB", m.peak>>20)
		}
		rows = append(rows, []string{m.name, size})
	}
	return rows
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }
