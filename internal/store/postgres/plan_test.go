package postgres

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/postgres/pgtest"
	"github.com/hammerwork/hammerwork/internal/store/sqlstore"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// growing are the tables that get larger with every job that is stored.
var growing = []string{"jobs", "job_state", "ready", "timers", "edges", "edge_check", "attempts", "workflows", "idempotency_keys", "evaluations", "job_runs", "audit", "spawned", "ticks"}

// plan is a node of what EXPLAIN says.
type plan struct {
	Type  string  `json:"Node Type"`
	Table string  `json:"Relation Name"`
	Cond  string  `json:"Index Cond"`
	Tid   string  `json:"TID Cond"`
	Loops float64 `json:"Actual Loops"`

	Plans []plan
}

// each calls f for each node, with what is above it.
func (p plan) each(f func(node plan, above []plan), above ...plan) {
	f(p, above)
	for _, sub := range p.Plans {
		sub.each(f, append(slices.Clone(above), p)...)
	}
}

func parsePlan(t *testing.T, text string) plan {
	var all []struct{ Plan plan }
	if err := json.Unmarshal([]byte(text), &all); err != nil || len(all) != 1 {
		t.Fatalf("the plan cannot be read: %v\n%s", err, text)
	}
	return all[0].Plan
}

// explain returns the plan of a statement whose parameters are null.
func explain(t *testing.T, conn *pgxpool.Conn, name string) (explained string) {
	t.Helper()
	nulls := 0
	for strings.Contains(statements[name], fmt.Sprintf("$%d", nulls+1)) {
		nulls++
	}
	call := name
	if nulls > 0 {
		call += "(" + strings.TrimSuffix(strings.Repeat("NULL,", nulls), ",") + ")"
	}
	if _, err := conn.Exec(t.Context(), "PREPARE "+name+" AS "+statements[name]); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if err := conn.QueryRow(t.Context(), "EXPLAIN (FORMAT JSON) EXECUTE "+call).Scan(&explained); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return explained
}

// idle opens a pool of one connection on a fresh database whose tables are
// empty, analysed, and not looked after by anybody else.
func idle(t *testing.T) (*Store, string) {
	url := strings.Replace(pgtest.Fresh(t), "pool_max_conns=4", "pool_max_conns=1", 1)
	s, err := Open(t.Context(), url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	for _, table := range append([]string{"leases"}, growing...) {
		if _, err := s.db.pool.Exec(t.Context(), fmt.Sprintf("ALTER TABLE %s SET (autovacuum_enabled = false); ANALYZE %s", table, table)); err != nil {
			t.Fatal(err)
		}
	}
	return s, url
}

func TestNoStatementIsPlannedToReadATableThatGrowsFromEndToEnd(t *testing.T) {
	s, _ := idle(t)
	conn, err := s.db.pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	for name := range statements {
		explained := explain(t, conn, name)
		parsePlan(t, explained).each(func(n plan, above []plan) {
			limited := slices.ContainsFunc(above, func(p plan) bool { return p.Type == "Limit" })
			bound := n.Cond != "" || n.Tid != "" || limited || strings.HasPrefix(n.Type, "Bitmap")
			if slices.Contains(growing, n.Table) && n.Type != "ModifyTable" && (n.Type == "Seq Scan" || !bound) {
				t.Errorf("%s: %s on %s\n%s", name, n.Type, n.Table, explained)
			}
		})
	}
}

// Lists read one range of an index: it has two ends.
func TestListsReadOneRangeOfAnIndex(t *testing.T) {
	s, _ := idle(t)
	conn, err := s.db.pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	if _, err := conn.Exec(t.Context(), "SET plan_cache_mode = force_generic_plan"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]struct {
		table  string
		bounds []string
	}{
		"list_workflows":              {"workflows", []string{"id <", "id >="}},
		"last_workflow_looked_at":     {"workflows", []string{"id <", "id >="}},
		"list_jobs":                   {"jobs", []string{"id <", "id >="}},
		"last_job_looked_at":          {"jobs", []string{"id <", "id >="}},
		"list_workflow_jobs":          {"jobs", []string{"workflow_id =", "\"position\" <", "\"position\" >="}},
		"last_workflow_job_looked_at": {"jobs", []string{"workflow_id =", "\"position\" <"}},
	} {
		explained := explain(t, conn, name)
		parsePlan(t, explained).each(func(n plan, _ []plan) {
			for _, bound := range want.bounds {
				if n.Table == want.table && !strings.Contains(n.Cond, bound) {
					t.Errorf("%s reads %s with %q and without %q\n%s", name, n.Table, n.Cond, bound, explained)
				}
			}
		})
	}
}

// A plan made while tables were empty must not read more for each job when
// thousands come: what is counted are rows that were read, not time.
func TestPlansOfEmptyTablesReadLittleWhenThousandsOfJobsCome(t *testing.T) {
	s, url := idle(t)
	ctx := t.Context()
	run := func(n, batch int) {
		for n > 0 {
			leases, err := s.Claim(ctx, []store.Grant{{Lease: job.NewID(), Worker: "w", Limit: batch}}, false)
			if err != nil {
				t.Fatal(err)
			}
			var outcomes []job.Outcome
			for _, l := range leases {
				for _, c := range l.Jobs {
					outcomes = append(outcomes, job.Outcome{Fence: c.Fence, Kind: job.KindCompleted})
				}
			}
			if len(outcomes) == 0 {
				t.Fatalf("%d jobs are left and none is claimable", n)
			}
			if _, err := s.Resolve(ctx, outcomes); err != nil {
				t.Fatal(err)
			}
			n -= len(outcomes)
		}
	}
	chained := func(n int) []*job.Job {
		var jobs []*job.Job
		for i := range n {
			j := job.New("q", json.RawMessage(`1`)).WithName(fmt.Sprint(i))
			if i > 0 {
				j.DependsOnJobs(jobs[i-1])
			}
			jobs = append(jobs, j)
		}
		return jobs
	}
	enqueue := func(jobs []*job.Job) {
		if _, err := s.EnqueueJobs(ctx, jobs, nil); err != nil {
			t.Fatal(err)
		}
	}
	for range 10 { // every statement is prepared and planned
		enqueue(chained(2))
		run(2, 1)
	}
	const chain, flat = 1000, 4000
	before := read(t, url)
	enqueue(chained(chain))
	run(chain, 1)
	for range flat {
		enqueue(nil)
	}
	var jobs []*job.Job
	for i := range flat {
		jobs = append(jobs, job.New("q", json.RawMessage(`1`)).WithName(fmt.Sprint(i)))
	}
	enqueue(jobs)
	run(flat, 500)
	s.Close() // its counts are there then
	rows := read(t, url) - before
	t.Logf("%.1f rows for each job", float64(rows)/(chain+flat))
	if rows > 40*(chain+flat) {
		t.Errorf("%d rows were read for %d jobs", rows, chain+flat)
	}
}

// read returns how many rows of tables that grow have been read so far, once
// the counts have come to rest.
func read(t *testing.T, url string) int64 {
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	last := int64(-1)
	for range 40 {
		var n int64
		if err := pool.QueryRow(t.Context(), `SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::bigint
			FROM pg_stat_user_tables WHERE relname = ANY ($1)`, growing).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n == last {
			return n
		}
		last = n
		<-time.After(1200 * time.Millisecond) // a session reports once a second
	}
	t.Fatal("the counts never come to rest")
	return 0
}

// A batch must not be compared with itself, n times n: every row of it is looked
// at once, and so is the row it changes.
func TestALargeBatchIsPlannedForItsSizeWhateverTheStatisticsSay(t *testing.T) {
	s, _ := idle(t)
	ctx := t.Context()
	const n = 1000
	var jobs []*job.Job
	ids := make([]string, n)
	for i := range 3 * n {
		j := job.New("q", json.RawMessage(`1`)).WithName(fmt.Sprint(i))
		jobs = append(jobs, j)
		if i < n {
			ids[i] = j.ID.String()
		}
	}
	if _, err := s.EnqueueJobs(ctx, jobs, nil); err != nil {
		t.Fatal(err)
	}
	conn, err := s.db.pool.Acquire(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	exec := func(statement string) {
		t.Helper()
		if _, err := conn.Exec(ctx, statement); err != nil {
			t.Fatal(err)
		}
	}
	zeros := "'{" + strings.TrimSuffix(strings.Repeat("0,", n), ",") + "}'"
	texts := "'{" + strings.TrimSuffix(strings.Repeat("completed,", n), ",") + "}'"
	nulls := "'{" + strings.TrimSuffix(strings.Repeat("NULL,", n), ",") + "}'"
	list := "'{" + strings.Join(ids, ",") + "}'"
	exec("PREPARE end_batch AS " + statements["end_jobs"])
	call := "EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE end_batch(" + strings.Join([]string{
		list, zeros, texts, texts, texts, texts, nulls, zeros, zeros, zeros, zeros, zeros, nulls, nulls, texts, nulls, texts, zeros, "1", fmt.Sprint(n),
	}, ",") + ")"
	check := func(when string) {
		t.Helper()
		var explained string
		exec("BEGIN")
		exec(customPlans) // as a transaction does that has a batch of this size
		if err := conn.QueryRow(ctx, call).Scan(&explained); err != nil {
			t.Fatal(err)
		}
		exec("ROLLBACK")
		parsePlan(t, explained).each(func(p plan, _ []plan) {
			if p.Type == "Function Scan" && p.Loops > 1 {
				t.Errorf("%s: the batch is read %g times\n%s", when, p.Loops, explained)
			}
			if p.Table == "job_state" && p.Cond != "" && p.Loops > 1 && strings.Contains(p.Cond, "ANY") {
				t.Errorf("%s: each of %g lookups compares with the whole batch\n%s", when, p.Loops, explained)
			}
		})
	}
	check("statistics of an empty table")
	exec("UPDATE job_state SET status = 'completed'")
	exec("ANALYZE job_state")
	exec("UPDATE job_state SET status = 'pending'")
	check("statistics of when no job was pending")
}

func TestATransactionWithALargeBatchIsPlannedForIt(t *testing.T) {
	s := opened(t, pgtest.URL(t))
	for n, want := range map[int]string{generic: "force_generic_plan", generic + 1: "force_custom_plan"} {
		err := s.db.Write(t.Context(), func(x sqlstore.Tx) error {
			x.QueueQuery("lock_jobs", func(sqlstore.Row) error { return nil }, make([]job.ID, n))
			var got string
			x.(*tx).add(step{name: "shown", sql: "SELECT current_setting('plan_cache_mode')", scan: func(r sqlstore.Row) error { return r.Scan(&got) }}, nil)
			if err := x.Flush(); err != nil {
				return err
			}
			if got != want {
				t.Errorf("%d rows: %s", n, got)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
