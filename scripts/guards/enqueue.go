package main

var enqueueGuards = []guard{
	{
		name: "enqueue: the workflow is not stored yet", kind: unique, file: sqlstore + "enqueue.go", place: "enqueueWorkflow",
		from: "if exists {", to: "if false && exists {", protects: "a repeated enqueue is told an error of the database instead of ErrExists",
	},
	{
		name: "enqueue: the jobs are not stored yet", kind: unique, file: sqlstore + "enqueue.go", place: "enqueuer.look",
		from: "if len(stored) > 0 {", to: "if len(stored) < 0 {", protects: "a repeated enqueue is told an error of the database instead of ErrExists",
	},
	{
		name: "enqueue: parents outside exist", kind: scope, file: sqlstore + "enqueue.go", place: "enqueuer.look",
		from: "if !found[id] {", to: "if false && !found[id] {", protects: "a job waits for ever for a parent that is not there",
	},
	{
		name: "enqueue: an edge to a parent outside is checked after the commit", kind: scope, file: sqlstore + "enqueueparts.go", place: "enqueuer.attach",
		from: "checks.add(row, 0)", to: "error(nil)", protects: "a job waits for ever for a parent that ended before the enqueue",
	},
	{
		name: "enqueue: a job with parents waits for them", kind: status, file: sqlstore + "enqueue.go", place: "enqueuer.state",
		from: "row.Dependency = string(job.Waiting)", to: "row.Dependency = string(job.NoDependencies)", protects: "a job's join is never asked",
	},
	{
		name: "make_ready: the job has not ended", kind: status, file: queries + "enqueue.sql", place: "make_ready",
		from: "s.status IN ('pending', 'retrying') AND ", protects: "a timer that was left behind revives a job that has ended",
	},
	{
		name: "make_ready: its dependencies are fulfilled", kind: status, file: queries + "enqueue.sql", place: "make_ready",
		from: "s.dependency_status IN ('none', 'satisfied') AND ", protects: "a timer starts a job before its parents have ended",
	},
	{
		name: "make_ready: its time has come", kind: clock, file: queries + "enqueue.sql", place: "make_ready",
		from: " AND s.scheduled_at <= ?2", to: " AND ?2 IS NOT NULL", protects: "delayed jobs and retries start at once",
	},
	{
		name: "make_waiting: the job has not ended", kind: status, file: queries + "enqueue.sql", place: "make_waiting",
		from: "s.status IN ('pending', 'retrying') AND ", protects: "a job that has ended waits in timers",
	},
	{
		name: "make_waiting: its dependencies are fulfilled", kind: status, file: queries + "enqueue.sql", place: "make_waiting",
		from: "s.dependency_status IN ('none', 'satisfied') AND ", protects: "a job that waits for its parents waits in timers too, and has two rows later",
	},
	{
		name: "make_waiting: its time has not come", kind: clock, file: queries + "enqueue.sql", place: "make_waiting",
		from: " AND s.scheduled_at > ?2", to: " AND ?2 IS NOT NULL", protects: "a job is ready and in timers at once",
	},
	{
		name: "times are rounded up to the microsecond", kind: clock, file: sqlstore + "encode.go", place: "micros",
		from: "t.Add(time.Microsecond - 1).UnixMicro()", to: "t.UnixMicro()", protects: "a job starts before its time",
	},
	{
		name: "durations are rounded up to the microsecond", kind: clock, file: sqlstore + "encode.go", place: "microsUp",
		from: " + int64(boolInt(d%time.Microsecond > 0))", protects: "a timeout of less than a microsecond is none",
	},
}
