package main

var claimGuards = []guard{
	{
		name: "ready_heads: the queue is not paused", kind: status, file: queries + "claim.sql", place: "ready_heads",
		from:     " AND NOT EXISTS (SELECT 1 FROM queues WHERE name = ?1 AND paused_at IS NOT NULL)",
		protects: "jobs of a paused queue start",
	},
	{
		name: "claim: who deletes the ready row owns the job", kind: owner, file: sqlstore + "claim.go", place: "claim.try",
		from: "if !mine[id] {\n\t\t\t\tlost = true", to: "if false {\n\t\t\t\tlost = true",
		protects: "two claims hold one job",
	},
	{
		name: "delete_ready: only the rows it was told", kind: owner, file: queries + "claim.sql", place: "delete_ready",
		from: "(queue, rank, scheduled_at, id) IN (\n    SELECT value ->> 'queue', value ->> 'rank', value ->> 'scheduled_at', unhex(value ->> 'id') FROM json_each(?1))",
		to:   "(queue, rank) IN (\n    SELECT value ->> 'queue', value ->> 'rank' FROM json_each(?1))", protects: "jobs vanish that nobody was given",
	},
	{
		name: "claimed_jobs: the job has not ended", kind: status, file: queries + "claim.sql", place: "claimed_jobs",
		from: "\nWHERE s.status IN ('pending', 'retrying')", protects: "a job that has ended is leased again",
	},
	{
		name: "claim: a job that is not claimable stays out of the lease", kind: status, file: sqlstore + "claim.go", place: "claim.pack",
		from: "if j == nil {", to: "if j == nil {\n\t\t\tj = &store.Claimed{Fence: job.Fence{Job: job.ID(x.ID)}}\n\t\t}\n\t\tif j == nil {",
		protects: "a job that has ended is leased again",
	},
	{
		name: "claim: a repeated claim gives only jobs of the lease's own epoch", kind: epoch, file: sqlstore + "claim.go", place: "claim.findEarlier",
		from: "x != nil && x.Fence.Epoch == j.epoch", to: "x != nil",
		protects: "a repeated claim brings a job that is in other hands by now",
	},
	{
		name: "claim: a repeated claim finds its earlier lease", kind: unique, file: sqlstore + "claim.go", place: "Store.Claim",
		from: "if repeat {", to: "if false {", protects: "a claim of unknown outcome takes a second set of jobs",
	},
	{
		name: "claim: a grant whose lease exists gets no further jobs", kind: unique, file: sqlstore + "candidate.go", place: "claim.left",
		from: "if c.done[i] {", to: "if false {", protects: "a repeated claim writes over its lease",
	},
	{
		name: "claim: a grant gets no more than its limit", kind: left, file: sqlstore + "claim.go", place: "claim.share",
		from: "if left > room &&", to: "if left+100 > room &&", protects: "a worker gets more jobs than it has slots",
	},
	{
		name: "claim: a grant gets only queues that it serves", kind: scope, file: sqlstore + "claim.go", place: "claim.share",
		from: "(g.Queues == nil || slices.Contains(g.Queues, x.Queue))", to: "(true || slices.Contains(g.Queues, x.Queue))", protects: "a worker gets jobs that it has no handler for",
	},
	{
		name: "claim: a repeated claim knows the ids of all leases of a grant", kind: unique, file: sqlstore + "claim.go", place: "leasePart",
		from: "uuid.NewSHA1(grant, ", to: "uuid.NewSHA1(uuid.New(), ", protects: "a claim of unknown outcome takes a second set of jobs",
	},
	{
		name: "claim: a lease fits into one message", kind: left, file: sqlstore + "claim.go", place: "claim.pack",
		from: "if l == nil || bytes+size > store.MaxLeaseBytes {", to: "if l == nil {", protects: "jobs of an accepted lease never reach their worker",
	},
	{
		name: "claim: of each queue more is read while it may have what comes first", kind: order, file: sqlstore + "candidate.go", place: "claim.candidates",
		from: "return ended || len(all) >= want && last.compare(l.last) <= 0", to: "_ = last\n\t\t\treturn ended || len(all) >= want",
		protects: "a job starts before one of higher priority",
	},
	{
		name: "ready_heads: each piece of a queue begins after the last", kind: unique, file: queries + "claim.sql", place: "ready_heads",
		from: " AND (rank, scheduled_at, id) > (?2, ?3, ?4)", to: " AND ?2 + ?3 IS NOT NULL AND ?4 IS NOT NULL", protects: "two of the jobs of a claim are one",
	},
	{
		name: "held_job: the lease is the caller's", kind: lease, file: queries + "claim.sql", place: "held_job",
		from: "l.id = ?3 AND ", to: "?3 IS NOT NULL AND ", protects: "results go to a worker that does not hold the job",
	},
	{
		name: "held_job: the lease lists this job", kind: lease, file: queries + "claim.sql", place: "held_job",
		from: "s.id = ?1 AND ", to: "?1 IS NOT NULL AND ", protects: "a lease of one job opens the results of every other",
	},
	{
		name: "held_job: the lease lists it with the epoch", kind: epoch, file: queries + "claim.sql", place: "held_job",
		from: "e.value ->> 1 = ?2 AND ", protects: "an earlier claim reads under a later epoch",
	},
	{
		name: "held_job: the job's state has the epoch", kind: epoch, file: queries + "claim.sql", place: "held_job",
		from: "s.epoch = ?2 AND ", protects: "results go to a worker whose claim has ended",
	},
	{
		name: "held_job: the job has not ended", kind: status, file: queries + "claim.sql", place: "held_job",
		from: " AND s.status IN ('pending', 'retrying')", protects: "results go to a worker whose job has ended",
	},
	{
		name: "parents' results: the fence holds", kind: lease, file: sqlstore + "parents.go", place: "Store.ParentResults",
		from: "if !held {", to: "if false && !held {", protects: "results go to anybody",
	},
}
