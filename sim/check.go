package sim

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
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
	onlyEnd bool        // nothing is looked at before the end

	ended map[job.ID]ending // how terminal jobs ended, as first seen since they were reset last
}

// ending is how a job ended, which never changes until it is reset.
type ending struct {
	epoch    int64
	decision workflow.Action
	status   string
	lease    uuid.NullUUID
	result   []byte
	finished int64
}

func newChecker(ctx context.Context, d *Database, w *World) (*checker, error) {
	db := d.sql
	for _, table := range []string{"workflows", "jobs", "job_state", "ready", "timers", "leases", "attempts", "edges", "edge_check", "queues", "resolvers", "partitions", "evaluations", "job_runs", "audit", "suspensions", "part_check", "spawned", "schedules", "ticks"} {
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
	{"a workflow has ended exactly when all its jobs have and nothing waits for a decision", `
		SELECT w.name || ' is ' || w.status || ', ' || w.undecided || ' undecided'
		FROM workflows w JOIN jobs j ON j.workflow_id = w.id JOIN job_state s ON s.id = j.id
		GROUP BY w.id
		HAVING (w.finished_at IS NOT NULL) <> (count(CASE WHEN s.finished_at IS NULL OR s.decision = 'open' THEN 1 END) = 0)
			OR (w.finished_at IS NOT NULL) <> (w.status IN ('completed', 'failed', 'cancelled'))
			OR w.undecided <> count(CASE WHEN s.decision = 'open' THEN 1 END)
			OR w.undecided > 0 AND w.status <> 'paused' OR w.user_paused AND w.status NOT IN ('paused', 'completed', 'failed', 'cancelled')`},
	{"a job's counts of edges are right", `
		SELECT j.name || ' says ' || s.unresolved || ', ' || s.active || ', ' || s.inactive || ', ' || s.broken
		FROM job_state s JOIN jobs j ON j.id = s.id
		LEFT JOIN (
			SELECT child_id, count(CASE WHEN state = 'unresolved' THEN 1 END) AS u, count(CASE WHEN state = 'active' THEN 1 END) AS a,
				count(CASE WHEN state = 'inactive' AND NOT optional THEN 1 END) AS i, count(CASE WHEN state = 'broken' AND NOT optional THEN 1 END) AS b
			FROM edges GROUP BY child_id) e ON e.child_id = s.id
		WHERE s.unresolved <> coalesce(e.u, 0) OR s.active <> coalesce(e.a, 0) OR s.inactive <> coalesce(e.i, 0) OR s.broken <> coalesce(e.b, 0)`},
	{"an edge has a state that its parent's end gives it, as long as nobody decides, catches or resets", `
		SELECT p.name || ' is ' || s.status || ', the edge to ' || c.name || ' ' || e.state
		FROM edges e JOIN job_state s ON s.id = e.parent_id JOIN jobs p ON p.id = e.parent_id JOIN jobs c ON c.id = e.child_id
		LEFT JOIN workflows w ON w.id = p.workflow_id
		WHERE e.state <> 'unresolved' AND s.decision = '' AND coalesce(w.run, 1) = 1 AND NOT EXISTS (SELECT 1 FROM job_runs r WHERE r.job_id = s.id)
			AND e.state <> CASE
				WHEN s.finished_at IS NULL THEN '?'
				WHEN e."on" = 'done' THEN 'active'
				WHEN s.status = 'completed' OR s.reason = 'condition_false' AND p.rules LIKE '%"unmet":"pass"%'
					OR s.status IN ('failed', 'dead', 'timed_out', 'upstream_failed') AND p.rules LIKE '%"allow_failure":true%'
					THEN CASE e."on" WHEN 'failure' THEN 'inactive' ELSE 'active' END
				WHEN s.status = 'skipped' THEN 'inactive'
				WHEN e."on" = 'failure' THEN CASE s.status WHEN 'cancelled' THEN 'inactive' ELSE 'active' END
				ELSE 'broken' END`},
	{"an edge is resolved when its parent has ended and nobody has to decide about it, unless a check is pending", `
		SELECT p.name || ' to ' || c.name
		FROM edges e JOIN job_state s ON s.id = e.parent_id JOIN jobs p ON p.id = e.parent_id JOIN jobs c ON c.id = e.child_id
		LEFT JOIN edge_check k ON k.parent_id = e.parent_id AND k.child_id IN (e.child_id, {zero})
		WHERE e.state = 'unresolved' AND s.finished_at IS NOT NULL AND s.decision <> 'open' AND k.parent_id IS NULL`},
	{"no edge leaves a failure that waits for a decision resolved, as long as nobody catches or resets", `
		SELECT p.name || ' waits for a decision, the edge is ' || e.state
		FROM edges e JOIN job_state s ON s.id = e.parent_id JOIN jobs p ON p.id = e.parent_id JOIN workflows w ON w.id = p.workflow_id
		WHERE e.state <> 'unresolved' AND s.decision = 'open' AND w.rules NOT LIKE '%"catches":true%'
			AND NOT EXISTS (SELECT 1 FROM job_runs r WHERE r.job_id = s.id)`},
	{"a job is in one place: ready, waiting for its time, or in a worker's hands", `
		SELECT j.name || ' is ' || s.status || ' in ' || (r.n + t.n + h.n) || ' places'
		FROM job_state s JOIN jobs j ON j.id = s.id LEFT JOIN workflows w ON w.id = j.workflow_id
		JOIN (SELECT s.id, count(r.id) AS n FROM job_state s LEFT JOIN ready r ON r.id = s.id GROUP BY s.id) r ON r.id = s.id
		JOIN (SELECT s.id, count(t.id) AS n FROM job_state s LEFT JOIN timers t ON t.id = s.id AND t.kind = 'job' GROUP BY s.id) t ON t.id = s.id
		JOIN (SELECT s.id, count(h.id) AS n FROM job_state s LEFT JOIN {held} h ON h.id = s.id AND h.epoch = s.epoch GROUP BY s.id) h ON h.id = s.id
		WHERE CASE
			WHEN s.status = 'suspended' OR j.rules LIKE '%"gate":{%' OR j.rules LIKE '%"parts":{%' OR w.status = 'pending' THEN r.n + t.n + h.n > 0
			WHEN s.finished_at IS NOT NULL OR s.dependency_status NOT IN ('none', 'satisfied') THEN r.n + t.n > 0
			WHEN w.status = 'paused' THEN r.n + t.n > 0 OR h.n > 1
			WHEN (w.failing AND NOT s.spared OR w.status = 'cancelling') AND j.rules NOT LIKE '%"finally":true%' THEN r.n + t.n > 0 OR h.n <> 1
			ELSE r.n + t.n + h.n <> 1 END`},
	{"no job is attempted more often than it may", `
		SELECT j.name || ' has ' || s.attempts || ' of ' || j.max_attempts
		FROM job_state s JOIN jobs j ON j.id = s.id
		WHERE s.attempts > j.max_attempts`},
	{"the join of a job that may run, or ran, said so", `
		SELECT j.name || ' is ' || s.status || ', its join ' || s.join_rule
		FROM jobs j JOIN job_state s ON s.id = j.id
		WHERE (s.status = 'completed' OR s.finished_at IS NULL AND s.dependency_status IN ('none', 'satisfied')) AND CASE s.join_rule
			WHEN 'any' THEN s.active = 0
			WHEN 'quorum' THEN s.active < s.quorum
			WHEN 'done' THEN s.unresolved > 0
			WHEN 'merge' THEN s.unresolved + s.broken > 0 OR s.active = 0
			ELSE s.unresolved + s.broken + s.inactive > 0 END`},
	{"a job that waits has a reason to", `
		SELECT j.name || ' waits for nothing' FROM jobs j JOIN job_state s ON s.id = j.id
		LEFT JOIN workflows w ON w.id = j.workflow_id
		LEFT JOIN edge_check k ON k.parent_id = {zero} AND k.child_id = j.id
		WHERE s.dependency_status = 'waiting' AND s.unresolved = 0 AND k.child_id IS NULL
			AND coalesce(w.status, '') <> 'pending' AND coalesce(w.rules, '') NOT LIKE '%"max_parallel":%'
			AND NOT (j.rules LIKE '%"finally":true%' AND NOT w.finally_begun)`},
	{"an upstream_failed job has a broken edge and a cause", `
		SELECT j.name FROM jobs j JOIN job_state s ON s.id = j.id
		WHERE s.status = 'upstream_failed' AND (s.cause_job_id IS NULL OR s.broken = 0 OR s.join_rule = 'done')`},
	{"a finally job has its turn when all others have ended", `
		SELECT w.name || ' begins with its finally jobs, and ' || o.name || ' has not ended'
		FROM workflows w JOIN jobs o ON o.workflow_id = w.id JOIN job_state s ON s.id = o.id
		WHERE w.finally_begun AND (s.finished_at IS NULL OR s.decision = 'open') AND o.rules NOT LIKE '%"finally":true%'`},
	{"a map runs as many items at once as it may, and counts them", `
		SELECT w.name || ' counts ' || w.in_flight || ' of ' || count(CASE WHEN s.finished_at IS NULL AND s.dependency_status <> 'waiting' THEN 1 END)
		FROM workflows w JOIN jobs j ON j.workflow_id = w.id JOIN job_state s ON s.id = j.id
		WHERE w.rules LIKE '%"max_parallel":%'
		GROUP BY w.id
		HAVING w.in_flight <> count(CASE WHEN s.finished_at IS NULL AND s.dependency_status <> 'waiting' THEN 1 END) OR w.in_flight > 3`},
	{"a job of parts and its parts have heard of each other, unless a check is pending", `
		SELECT j.name || ' is ' || s.status || ', its parts are ' || w.status
		FROM workflows w JOIN jobs j ON j.id = w.parent_job_id JOIN job_state s ON s.id = j.id LEFT JOIN workflows o ON o.id = j.workflow_id
		WHERE NOT EXISTS (SELECT 1 FROM part_check k WHERE k.job_id = j.id)
			AND (j.rules LIKE '%"workflow":%' OR NOT EXISTS (SELECT 1 FROM workflows v WHERE v.parent_job_id = j.id AND v.parent_epoch > w.parent_epoch))
			AND (s.status = 'suspended' AND (w.status IN ('completed', 'failed', 'cancelled') OR w.status = 'pending' AND coalesce(o.status, '') <> 'paused')
				OR s.status = 'suspended' AND o.status = 'paused' AND w.status = 'running'
				OR s.finished_at IS NOT NULL AND w.status IN ('running', 'paused'))`},
	{"an instance of a schedule was made for a tick, once, and a tick that says so has one", `
		SELECT s.name || ': a tick is ' || t.state || ', its instance ' || coalesce(w.status, 'not there')
		FROM ticks t JOIN schedules s ON s.id = t.schedule_id LEFT JOIN workflows w ON w.id = t.instance_id
		WHERE (t.state = 'started') <> (w.id IS NOT NULL) OR EXISTS (
			SELECT 1 FROM ticks o WHERE o.instance_id = t.instance_id AND (o.schedule_id <> t.schedule_id OR o.tick_at <> t.tick_at))`},
	{"instances of a schedule overlap only if they may", `
		SELECT s.name || ' runs ' || count(*) || ' at once, ' || s.overlap
		FROM ticks t JOIN schedules s ON s.id = t.schedule_id JOIN workflows w ON w.id = t.instance_id
		WHERE s.overlap <> 'allow' AND w.finished_at IS NULL
		GROUP BY s.id, s.name, s.overlap, CASE t.cause WHEN 'backfill' THEN 1 ELSE 0 END
		HAVING count(*) > 1`},
	{"a schedule that has open ticks is looked at", `
		SELECT s.name || ' has ticks that nobody looks at'
		FROM schedules s
		WHERE (s.ticks_at IS NULL) <> (NOT EXISTS (SELECT 1 FROM ticks t WHERE t.schedule_id = s.id AND t.due_at IS NOT NULL AND t.cause <> 'backfill'))
			OR s.backfill_at IS NULL AND EXISTS (SELECT 1 FROM ticks t WHERE t.schedule_id = s.id AND t.due_at IS NOT NULL AND t.cause = 'backfill')`},
	{"a lease says how many of its jobs have not ended", `
		SELECT 'one says ' || h.remaining
		FROM {held} h JOIN job_state s ON s.id = h.id
		GROUP BY h.lease, h.remaining
		HAVING h.remaining < count(CASE WHEN s.epoch = h.epoch AND s.finished_at IS NULL THEN 1 END)`},
}

// afterStep looks at everything, if something may have changed.
func (c *checker) afterStep(ctx context.Context) error {
	if !c.dirty || c.onlyEnd {
		return nil
	}
	c.dirty = false
	before := c.version
	if err := c.seen(ctx); err != nil || c.version == before {
		return err
	}
	for i, r := range rules {
		if err := empty(r.name, c.looks[i].QueryRowContext(ctx)); err != nil {
			return err
		}
	}
	return c.endings(ctx)
}

// overlook takes note of a transaction that changes nothing that rules look at.
func (c *checker) overlook() {
	if c.onlyEnd {
		return
	}
	if err := c.seen(context.Background()); err != nil {
		c.w.fail("%v", err)
	}
}

// seen notes the version of the database.
func (c *checker) seen(ctx context.Context) error {
	return c.db.QueryRowContext(ctx, c.dialect.version).Scan(&c.version)
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
	rows, err := c.db.QueryContext(ctx, "SELECT id, epoch, decision, status, lease_id, result, coalesce(finished_at, 0) FROM job_state")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id job.ID
		var e ending
		if err := rows.Scan(&id, &e.epoch, &e.decision, &e.status, &e.lease, &e.result, &e.finished); err != nil {
			return err
		}
		before, known := c.ended[id]
		switch {
		case known && e.epoch > before.epoch: // it was reset
			delete(c.ended, id)
			known = false
		case known && !before.stands(e):
			return fmt.Errorf("broken: %s ended as %s in epoch %d and is %s in epoch %d now", c.w.work.plans[id].name, before.status, before.epoch, e.status, e.epoch)
		}
		if !known && e.finished == 0 {
			continue
		}
		c.ended[id] = e
	}
	return rows.Err()
}

// stands reports whether an ending is still what it was: a decision may be made
// about it once, and bring a result.
func (e ending) stands(now ending) bool {
	open := e.decision == workflow.Undecided || e.decision == "" && now.decision == workflow.Undecided
	return e.epoch == now.epoch && e.status == now.status && e.lease == now.lease && e.finished == now.finished &&
		(e.decision == now.decision || open) && (bytes.Equal(e.result, now.result) || open && now.decision == workflow.ActionComplete)
}

// allEnded reports whether nothing is open and nobody holds anything.
func (c *checker) allEnded(ctx context.Context) bool {
	var open int
	err := c.db.QueryRowContext(ctx, `
		SELECT (SELECT count(*) FROM job_state s JOIN jobs j ON j.id = s.id LEFT JOIN workflows w ON w.id = j.workflow_id WHERE s.finished_at IS NULL AND coalesce(w.status, '') <> 'pending')
			+ (SELECT count(*) FROM workflows WHERE finished_at IS NULL AND status <> 'pending') + (SELECT count(*) FROM leases)
			+ (SELECT count(*) FROM edge_check) + (SELECT count(*) FROM part_check)
			+ (SELECT count(*) FROM ticks WHERE due_at IS NOT NULL)`).Scan(&open)
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
	open, err := c.db.QueryContext(ctx, "SELECT name, status, undecided FROM workflows WHERE finished_at IS NULL")
	if err != nil {
		return err.Error()
	}
	defer open.Close()
	for open.Next() {
		var name, status string
		var undecided int
		if err := open.Scan(&name, &status, &undecided); err != nil {
			return err.Error()
		}
		list = append(list, fmt.Sprintf("workflow %s %s, %d undecided", name, status, undecided))
	}
	return strings.Join(list, "; ")
}

// atEnd checks what holds only once everything has ended.
func (c *checker) atEnd(ctx context.Context) error {
	c.dirty, c.onlyEnd = true, false
	if err := c.afterStep(ctx); err != nil {
		return err
	}
	var stored int
	if err := c.db.QueryRowContext(ctx, "SELECT count(*) FROM job_state").Scan(&stored); err != nil {
		return err
	}
	if planned := len(c.w.work.plans) + len(c.w.work.items); stored < planned {
		return fmt.Errorf("broken: %d jobs were handed in or ran, %d are stored", planned, stored)
	}
	for _, s := range c.w.work.timed {
		if err := s.check(ctx); err != nil {
			return err
		}
	}
	return empty("nothing is left in ready", c.db.QueryRowContext(ctx, "SELECT queue FROM ready"))
}
