package sim

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// checker looks at the database from outside after each commit, with SQL of its
// own. What processes did is judged by their history.
type checker struct {
	w       *World
	db      *sql.DB
	dialect dialect
	looks   []*sql.Stmt // the rules, prepared
	dirty   bool        // something may have been committed since the last look
	version int64       // of the database at the last look

	ended map[job.ID]ending // terminal jobs as first seen
}

// ending is how a job ended, which never changes.
type ending struct {
	status   string
	lease    uuid.NullUUID
	result   []byte
	finished int64
}

func newChecker(ctx context.Context, d *Database, w *World) (*checker, error) {
	db := d.sql
	for _, table := range []string{"workflows", "jobs", "job_state", "ready", "timers", "leases", "attempts", "edges", "edge_check", "queues", "resolvers", "partitions"} {
		if _, err := db.ExecContext(ctx, d.dialect.empty+table); err != nil {
			return nil, fmt.Errorf("empty %s: %w", table, err)
		}
	}
	c := &checker{
		w: w, db: db, dialect: d.dialect, ended: map[job.ID]ending{},
	}
	for _, r := range rules {
		s, err := db.PrepareContext(ctx, d.dialect.say(r.query))
		if err != nil {
			c.close()
			return nil, fmt.Errorf("%s: %w", r.name, err)
		}
		c.looks = append(c.looks, s)
	}
	return c, nil
}

func (c *checker) close() {
	for _, s := range c.looks {
		s.Close()
	}
}

// committed notes that a transaction may have changed something.
func (c *checker) committed() { c.dirty = true }

// rules are SELECTs that return nothing while all is well. Each row is a text.
var rules = []struct{ name, query string }{
	{"a workflow's counters are the sums over its jobs", `
		SELECT w.name || ': total ' || w.total || ' of ' || count(*) || ', completed ' || w.completed
		FROM workflows w JOIN jobs j ON j.workflow_id = w.id JOIN job_state s ON s.id = j.id
		GROUP BY w.id
		HAVING w.total <> count(*) OR w.completed <> count(CASE WHEN s.status = 'completed' THEN 1 END)
			OR w.failed <> count(CASE WHEN s.status = 'failed' THEN 1 END) OR w.dead <> count(CASE WHEN s.status = 'dead' THEN 1 END)
			OR w.timed_out <> count(CASE WHEN s.status = 'timed_out' THEN 1 END)
			OR w.upstream_failed <> count(CASE WHEN s.status = 'upstream_failed' THEN 1 END)
			OR w.cancelled <> count(CASE WHEN s.status = 'cancelled' THEN 1 END)
			OR w.skipped <> count(CASE WHEN s.status = 'skipped' THEN 1 END)`},
	{"a workflow has ended exactly when all its jobs have", `
		SELECT w.name || ' is ' || w.status
		FROM workflows w JOIN jobs j ON j.workflow_id = w.id JOIN job_state s ON s.id = j.id
		GROUP BY w.id
		HAVING (w.finished_at IS NOT NULL) <> (count(CASE WHEN s.finished_at IS NULL THEN 1 END) = 0)
			OR (w.finished_at IS NOT NULL) <> (w.status IN ('completed', 'failed', 'cancelled'))`},
	{"a job's count of unresolved edges is right", `
		SELECT j.name || ' says ' || s.unresolved
		FROM job_state s JOIN jobs j ON j.id = s.id
		LEFT JOIN (SELECT child_id, count(*) AS n FROM edges WHERE state = 'unresolved' GROUP BY child_id) e ON e.child_id = s.id
		WHERE s.unresolved <> coalesce(e.n, 0)`},
	{"an edge is resolved when its parent has ended, unless a check is pending", `
		SELECT p.name || ' to ' || c.name
		FROM edges e JOIN job_state s ON s.id = e.parent_id JOIN jobs p ON p.id = e.parent_id JOIN jobs c ON c.id = e.child_id
		LEFT JOIN edge_check k ON k.parent_id = e.parent_id AND k.child_id IN (e.child_id, {zero})
		WHERE e.state = 'unresolved' AND s.finished_at IS NOT NULL AND k.parent_id IS NULL`},
	{"a job is in one place: ready, waiting for its time, or in a worker's hands", `
		SELECT j.name || ' is ' || s.status || ' in ' || (r.n + t.n + h.n) || ' places'
		FROM job_state s JOIN jobs j ON j.id = s.id LEFT JOIN workflows w ON w.id = j.workflow_id
		JOIN (SELECT s.id, count(r.id) AS n FROM job_state s LEFT JOIN ready r ON r.id = s.id GROUP BY s.id) r ON r.id = s.id
		JOIN (SELECT s.id, count(t.id) AS n FROM job_state s LEFT JOIN timers t ON t.id = s.id AND t.kind = 'job' GROUP BY s.id) t ON t.id = s.id
		JOIN (SELECT s.id, count(h.id) AS n FROM job_state s LEFT JOIN {held} h ON h.id = s.id AND h.epoch = s.epoch GROUP BY s.id) h ON h.id = s.id
		WHERE CASE
			WHEN s.finished_at IS NOT NULL OR s.dependency_status NOT IN ('none', 'satisfied') THEN r.n + t.n > 0
			WHEN w.failing OR w.status = 'cancelling' THEN r.n + t.n > 0 OR h.n <> 1
			ELSE r.n + t.n + h.n <> 1 END`},
	{"no job is attempted more often than it may", `
		SELECT j.name || ' has ' || s.attempts || ' of ' || j.max_attempts
		FROM job_state s JOIN jobs j ON j.id = s.id
		WHERE s.attempts > j.max_attempts`},
	{"a completed job's parents have completed", `
		SELECT j.name FROM jobs j JOIN job_state s ON s.id = j.id JOIN {parents} d ON d.child = j.id
		JOIN job_state p ON p.id = d.parent
		WHERE s.status = 'completed' AND p.status <> 'completed'`},
	{"an upstream_failed job has a parent that did not complete, and a cause", `
		SELECT j.name FROM jobs j JOIN job_state s ON s.id = j.id
		WHERE s.status = 'upstream_failed' AND (s.cause_job_id IS NULL OR NOT EXISTS (
			SELECT 1 FROM {parents} d JOIN job_state p ON p.id = d.parent
			WHERE d.child = j.id AND p.status IN ('failed', 'dead', 'timed_out', 'upstream_failed', 'cancelled')))`},
	{"a lease says how many of its jobs have not ended", `
		SELECT 'one says ' || h.remaining
		FROM {held} h JOIN job_state s ON s.id = h.id
		GROUP BY h.lease, h.remaining
		HAVING h.remaining < count(CASE WHEN s.epoch = h.epoch AND s.finished_at IS NULL THEN 1 END)`},
}

// afterStep looks at everything, if something may have changed.
func (c *checker) afterStep(ctx context.Context) error {
	if !c.dirty {
		return nil
	}
	c.dirty = false
	var version int64
	if err := c.db.QueryRowContext(ctx, c.dialect.version).Scan(&version); err != nil {
		return err
	}
	if version == c.version {
		return nil
	}
	c.version = version
	for i, r := range rules {
		if err := empty(r.name, c.looks[i].QueryRowContext(ctx)); err != nil {
			return err
		}
	}
	return c.endings(ctx)
}

// empty checks that a rule finds nothing.
func empty(name string, row *sql.Row) error {
	var found string
	switch err := row.Scan(&found); err {
	case sql.ErrNoRows:
		return nil
	case nil:
		return fmt.Errorf("broken: %s: %s", name, found)
	default:
		return fmt.Errorf("%s: %w", name, err)
	}
}

// endings checks that what has ended stays as it is.
func (c *checker) endings(ctx context.Context) error {
	rows, err := c.db.QueryContext(ctx, "SELECT id, status, lease_id, result, finished_at FROM job_state WHERE finished_at IS NOT NULL")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id job.ID
		var e ending
		if err := rows.Scan(&id, &e.status, &e.lease, &e.result, &e.finished); err != nil {
			return err
		}
		before, known := c.ended[id]
		if known && (before.status != e.status || before.lease != e.lease || !bytes.Equal(before.result, e.result) || before.finished != e.finished) {
			return fmt.Errorf("broken: %s ended as %s and is %s now", c.w.work.plans[id].name, before.status, e.status)
		}
		if !known {
			c.ended[id] = e
		}
	}
	return rows.Err()
}

// allEnded reports whether nothing is open and nobody holds anything.
func (c *checker) allEnded(ctx context.Context) bool {
	var open int
	err := c.db.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM job_state WHERE finished_at IS NULL) + (SELECT count(*) FROM leases) + (SELECT count(*) FROM edge_check)`).Scan(&open)
	return err == nil && open == 0
}

// unfinished names what has not ended, for a failure's text.
func (c *checker) unfinished(ctx context.Context) string {
	rows, err := c.db.QueryContext(ctx, "SELECT name, status, dependency_status, attempts, scheduled_at FROM hammerwork_jobs WHERE finished_at IS NULL")
	if err != nil {
		return err.Error()
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var name, status, deps, at string
		var attempts int
		if err := rows.Scan(&name, &status, &deps, &attempts, &at); err != nil {
			return err.Error()
		}
		list = append(list, fmt.Sprintf("%s %s (%s) after %d attempts, due %s", name, status, deps, attempts, at))
	}
	return strings.Join(list, "; ")
}

// atEnd checks what holds only once everything has ended.
func (c *checker) atEnd(ctx context.Context) error {
	c.dirty = true
	if err := c.afterStep(ctx); err != nil {
		return err
	}
	if len(c.ended) != len(c.w.work.plans) {
		return fmt.Errorf("broken: %d jobs were handed in, %d have ended", len(c.w.work.plans), len(c.ended))
	}
	return empty("nothing is left in ready", c.db.QueryRowContext(ctx, "SELECT queue FROM ready"))
}
