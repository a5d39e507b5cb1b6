package mysql

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/mysql/mysqltest"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// growing are the tables that get larger with every job that is stored.
var growing = []string{
	"hw_jobs", "hw_job_state", "hw_ready", "hw_timers", "hw_edges", "hw_edge_check", "hw_attempts", "hw_workflows", "hw_idempotency_keys", "hw_evaluations", "hw_job_runs", "hw_audit", "hw_spawned", "hw_ticks",
	"hw_schedules", "hw_suspensions", "hw_part_check",
}

// planned is a row of what EXPLAIN says.
type planned struct {
	kind, table, how, key, ref, extra string
}

// explain returns the plan of a statement whose parameters have values.
func explain(t *testing.T, conn *sql.Conn, name string, values []any) []planned {
	t.Helper()
	rows, err := conn.QueryContext(t.Context(), "EXPLAIN "+statements[name].sql, values...)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return nil
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var plan []planned
	for rows.Next() {
		values, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		named := make(map[string]string)
		for i, c := range columns {
			named[c] = values[i].String
		}
		plan = append(plan, planned{kind: named["select_type"], table: named["table"], how: named["type"], key: named["key"], ref: named["ref"], extra: named["Extra"]})
	}
	return plan
}

// An alias is not the name of its table.
func tableOf(sql, alias string) string {
	if strings.HasPrefix(alias, "hw_") {
		return alias
	}
	for _, word := range []string{"FROM ", "JOIN ", "UPDATE "} {
		for _, table := range growing {
			if strings.Contains(sql, word+table+" "+alias+" ") || strings.Contains(sql, word+table+" "+alias+"\n") {
				return table
			}
		}
	}
	return ""
}

// scanned says whether a plan reads a growing table from end to end, or a range
// of it that nothing bounds.
func scanned(sql string, p planned) bool {
	return p.kind != "INSERT" && slices.Contains(growing, tableOf(sql, p.table)) && (p.how == "ALL" || p.how == "index")
}

// bounded are the statements that read an index in its order, as far as their
// limit goes.
var bounded = []string{"edge_checks", "part_checks", "workflows_to_check", "next_ready_queue"}

// example returns an argument for each parameter of a statement.
func example(s statement, list string) []any {
	parts := strings.Split(s.sql, "?")
	values := make([]any, len(s.params))
	for i := range values {
		switch {
		case strings.HasSuffix(parts[i], "LIMIT "):
			values[i] = 1
		case s.params[i] == 0:
			values[i] = list
		default:
			values[i] = "1"
		}
	}
	return values
}

func TestNoStatementIsPlannedToReadATableThatGrowsFromEndToEnd(t *testing.T) {
	url := mysqltest.Fresh(t)
	s := opened(t, url, store.Options{})
	for _, when := range []string{"the tables are empty", "there are few rows", "there are many rows"} {
		switch when {
		case "there are few rows":
			fill(t, s, 3)
		case "there are many rows":
			fill(t, s, 3000)
		}
		raw := mysqltest.Raw(t, url)
		fillBeside(t, raw)
		for _, table := range growing {
			if _, err := raw.ExecContext(t.Context(), "ANALYZE TABLE "+table); err != nil {
				t.Fatal(err)
			}
		}
		conn, err := s.db.pool.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range statements {
			if strings.HasPrefix(text.sql, "SET ") || slices.Contains(bounded, name) {
				continue
			}
			list := "1"
			if strings.Contains(text.sql, "JSON_TABLE(?") {
				list = "[]"
			}
			for _, p := range explain(t, conn, name, example(text, list)) {
				if scanned(text.sql, p) {
					t.Errorf("while %s, %s: %+v", when, name, p)
				}
			}
		}
		conn.Close()
	}
}

// Lists read one range of an index in its order: no page is sorted.
func TestListsReadOneRangeOfAnIndexInItsOrder(t *testing.T) {
	url := mysqltest.Fresh(t)
	s := opened(t, url, store.Options{})
	fill(t, s, 500)
	w := workflow.NewWorkflow("w")
	for i := range 500 {
		w.Jobs = append(w.Jobs, job.New("q", json.RawMessage("1")).WithName(fmt.Sprint(i)))
	}
	if _, err := s.EnqueueWorkflow(t.Context(), w, store.EnqueueOptions{}); err != nil {
		t.Fatal(err)
	}
	conn, err := s.db.pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	id, zero, last := w.ID, strings.Repeat("0", 32), strings.Repeat("f", 32)
	hex := strings.ReplaceAll(id.String(), "-", "")
	for name, c := range map[string]struct {
		key  string
		args []any
	}{
		"list_workflows":              {"PRIMARY", []any{last, zero, 10, "", "", 0, 0}},
		"last_workflow_looked_at":     {"PRIMARY", []any{last, 10, zero}},
		"list_jobs":                   {"PRIMARY", []any{last, zero, 10, "", "", "", -1, 0}},
		"last_job_looked_at":          {"PRIMARY", []any{last, 10, zero}},
		"list_workflow_jobs":          {"hw_jobs_workflow", []any{400, 0, 10, "", "", "", -1, 0, hex}},
		"last_workflow_job_looked_at": {"hw_jobs_workflow", []any{400, 10, hex}},
	} {
		values, err := statements[name].values(c.args)
		if err != nil {
			t.Fatal(name, err)
		}
		plan := explain(t, conn, name, values)
		if first := plan[0]; first.how != "range" || first.key != c.key || strings.Contains(first.extra, "filesort") || strings.Contains(first.extra, "temporary") {
			t.Errorf("%s: %+v", name, plan)
		}
	}
}

// fill stores n jobs, each with a child, a key and a deadline, and workflows.
func fill(t *testing.T, s *Store, n int) {
	t.Helper()
	var jobs []*job.Job
	var keys []store.Key
	for i := range n {
		parent := job.New("q", json.RawMessage("1")).WithName(fmt.Sprint(i))
		jobs = append(jobs, parent, job.New("q", json.RawMessage("1")).DependsOnJobs(parent))
		keys = append(keys, store.Key{Value: job.NewID().String()}, store.Key{})
	}
	if _, err := s.EnqueueJobs(t.Context(), jobs, keys); err != nil {
		t.Fatal(err)
	}
}

// fillBeside stores as many rows of what jobs and schedules have beside as there
// are jobs: an odd tick is open.
func fillBeside(t *testing.T, raw *sql.DB) {
	t.Helper()
	for _, insert := range []string{
		"INSERT IGNORE INTO hw_suspensions (job_id, opened_at, actor, comment) SELECT id, 1, '', '' FROM hw_jobs",
		"INSERT IGNORE INTO hw_part_check (id, job_id) SELECT id, id FROM hw_jobs",
		"INSERT IGNORE INTO hw_spawned (spawner_id, job_id) SELECT id, id FROM hw_jobs",
		`INSERT IGNORE INTO hw_schedules (id, name, definition, cron, timezone, catch_up, catch_up_max, overlap, enabled, next_at, created_at, updated_at)
			SELECT id, HEX(id), '{}', '@daily', '', 'none', 0, 'skip', 1, IF(dependency_status = 'none', scheduled_at, NULL), 1, 1 FROM hw_job_state`,
		`INSERT IGNORE INTO hw_ticks (schedule_id, tick_at, cause, state, instance_id, decided_at, due_at, error)
			SELECT id, 1, 'time', 'due', id, 1, IF(dependency_status = 'none', scheduled_at, NULL), '' FROM hw_job_state`,
	} {
		if _, err := raw.ExecContext(t.Context(), insert); err != nil {
			t.Fatal(err)
		}
	}
}

// A schedule has many ticks that ended, and is looked at each time that it makes
// another instance.
func TestWhatIsOpenOfAScheduleIsFoundBesideWhatEnded(t *testing.T) {
	url := mysqltest.Fresh(t)
	s := opened(t, strings.Replace(url, "pool_max_conns=4", "pool_max_conns=1", 1), store.Options{})
	raw := mysqltest.Raw(t, url)
	for _, insert := range []string{
		`INSERT INTO hw_ticks (schedule_id, tick_at, cause, state, instance_id, decided_at, error)
			WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 139)
			SELECT UNHEX(LPAD(a.n % 2, 32, '0')), 140 * a.n + b.n, 'time', 'started', UNHEX(LPAD(140 * a.n + b.n, 32, '0')), 2000 + 140 * a.n + b.n, ''
			FROM n a CROSS JOIN n b`,
		"UPDATE hw_ticks SET state = 'due', due_at = tick_at WHERE tick_at > 19590",
		"ANALYZE TABLE hw_ticks",
	} {
		if _, err := raw.ExecContext(t.Context(), insert); err != nil {
			t.Fatal(err)
		}
	}
	id := strings.Repeat("0", 31) + "1"
	for _, c := range []struct {
		name string
		args []any
	}{
		{"next_ticks", nil},
		{"open_ticks", []any{id, false, 100}},
		{"list_ticks", []any{id, 20_000, 0, 10}},
		{"old_ticks", []any{2010, 100}},
		{"postpone_ticks", []any{id, 40_000}},
		{"delete_open_ticks", []any{id}},
	} {
		values, err := statements[c.name].values(c.args)
		if err != nil {
			t.Fatal(c.name, err)
		}
		before := handled(t, s)
		if _, err := s.db.pool.ExecContext(t.Context(), statements[c.name].sql, values...); err != nil {
			t.Fatal(c.name, err)
		}
		read := handled(t, s) - before
		t.Logf("%s read %d rows", c.name, read)
		if read > 200 {
			t.Errorf("%s read %d rows", c.name, read)
		}
	}
}

// A job may wait for very many others, of which a lift goes up to some at a time.
func TestWhatALiftedJobWaitsForIsReadAsFarAsItIsLookedAt(t *testing.T) {
	url := mysqltest.Fresh(t)
	s := opened(t, strings.Replace(url, "pool_max_conns=4", "pool_max_conns=1", 1), store.Options{})
	var jobs []*job.Job
	for i := range 5000 {
		jobs = append(jobs, job.New("q", json.RawMessage("1")).WithName(fmt.Sprint(i)))
	}
	last := job.New("q", json.RawMessage("1")).WithName("last").DependsOnJobs(jobs...)
	if _, err := s.EnqueueJobs(t.Context(), append(jobs, last), nil); err != nil {
		t.Fatal(err)
	}
	lift := statements["insert_lift_checks"]
	values, err := lift.values([]any{`["` + strings.ReplaceAll(last.ID.String(), "-", "") + `"]`, 100})
	if err != nil {
		t.Fatal(err)
	}
	before := handled(t, s)
	done, err := s.db.pool.ExecContext(t.Context(), lift.sql, values...)
	if err != nil {
		t.Fatal(err)
	}
	noted, err := done.RowsAffected()
	if read := handled(t, s) - before; err != nil || noted != 100 || read > 1000 {
		t.Errorf("%d rows were read for %d edges, %v", read, noted, err)
	}
}

// A row is read once for each time that it is looked up, however many rows a
// table has: what is counted are rows that were read, not time.
func TestABatchReadsLittleMoreThanItChanges(t *testing.T) {
	const n = 500
	url := mysqltest.Fresh(t)
	s := opened(t, strings.Replace(url, "pool_max_conns=4", "pool_max_conns=1", 1), store.Options{})
	fill(t, s, n)
	before := handled(t, s)
	leases, err := s.Claim(t.Context(), []store.Grant{{Lease: job.NewID(), Worker: "w", Limit: n}}, false)
	if err != nil || len(leases) == 0 {
		t.Fatal(leases, err)
	}
	var outcomes []job.Outcome
	for _, l := range leases {
		for _, c := range l.Jobs {
			outcomes = append(outcomes, job.Outcome{Fence: c.Fence, Kind: job.KindCompleted})
		}
	}
	if _, err := s.Resolve(t.Context(), outcomes); err != nil {
		t.Fatal(err)
	}
	each := float64(handled(t, s)-before) / n
	t.Logf("%.1f rows were read for each of %d jobs and its child", each, len(outcomes))
	if len(outcomes) != n || each > 120 {
		t.Errorf("%.1f rows were read for each of %d jobs and its child", each, len(outcomes))
	}
}

// Ways of many lengths lead to each job of a braid: whoever follows all of them
// reads the square of its length.
func TestAFailureBeforeABraidReadsEachEdgeAFewTimes(t *testing.T) {
	const n, strands = 1200, 10
	url := mysqltest.Fresh(t)
	s := opened(t, strings.Replace(url, "pool_max_conns=4", "pool_max_conns=1", 1), store.Options{})
	w := workflow.NewWorkflow("braid")
	w.FailurePolicy = workflow.ContinueOnFailure
	edges := 0
	for i := range n {
		j := job.New("q", json.RawMessage("1")).WithName(fmt.Sprint(i))
		before := w.Jobs[max(0, i-strands):i]
		edges += len(before)
		w.Jobs = append(w.Jobs, j.DependsOnJobs(before...))
	}
	if _, err := s.EnqueueWorkflow(t.Context(), w, store.EnqueueOptions{}); err != nil {
		t.Fatal(err)
	}
	leases, err := s.Claim(t.Context(), []store.Grant{{Lease: job.NewID(), Worker: "w", Limit: 1}}, false)
	if err != nil || len(leases) != 1 {
		t.Fatal(leases, err)
	}
	before := handled(t, s)
	done, err := s.Resolve(t.Context(), []job.Outcome{{Fence: leases[0].Jobs[0].Fence, Kind: job.KindFailed, Permanent: true}})
	if err != nil || len(done.Jobs) != n {
		t.Fatalf("%d of %d jobs ended, %v", len(done.Jobs), n, err)
	}
	each := float64(handled(t, s)-before) / float64(edges)
	t.Logf("%.1f rows were read for each of %d edges", each, edges)
	if each > 120 {
		t.Errorf("%.1f rows were read for each of %d edges", each, edges)
	}
}

// handled returns how many rows the one connection of a store has read.
func handled(t *testing.T, s *Store) (n int64) {
	t.Helper()
	conn, err := s.db.pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	rows, err := conn.QueryContext(t.Context(), "SHOW SESSION STATUS LIKE 'Handler_read%'")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var count int64
		if err := rows.Scan(&name, &count); err != nil {
			t.Fatal(err)
		}
		n += count
	}
	return n
}

func TestNoRecursionIsCutOffWithoutAWord(t *testing.T) {
	s := opened(t, mysqltest.URL(t), store.Options{})
	const depth = 20_000
	n := 0
	err := s.db.pool.QueryRowContext(t.Context(), `WITH RECURSIVE chain (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM chain WHERE n < ?)
		SELECT COUNT(*) FROM chain`, depth).Scan(&n)
	if err != nil || n != depth {
		t.Errorf("%d steps of %d, %v", n, depth, err)
	}
}
