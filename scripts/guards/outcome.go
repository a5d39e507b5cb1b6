package main

const resolveGo = sqlstore + "resolve.go"

// outcomeGuards are what an outcome must pass to count.
var outcomeGuards = []guard{
	{
		name: "outcome: the job is known", kind: status, file: resolveGo, place: "judge.verdict",
		from: "if !known {", to: "if false && !known {", protects: "an outcome ends whatever job comes first",
	},
	{
		name: "outcome: the job's claim was not ended earlier in the batch", kind: unique, file: resolveGo, place: "judge.verdict",
		from: "if fence, again := j.taken[o.Job]; again {", to: "if fence, again := j.taken[o.Job]; again && false {",
		protects: "two outcomes of one batch both count",
	},
	{
		name: "outcome: the repeated one of a batch has the fence of the first", kind: lease, file: resolveGo, place: "judge.verdict",
		from: "return committedIf(fence == o.Fence && ", to: "_ = fence\n\t\treturn committedIf(", protects: "an outcome of an earlier claim is told that it counts",
	},
	{
		name: "outcome: the repeated one of a batch has the job's epoch", kind: epoch, file: resolveGo, place: "judge.verdict",
		from: "fence == o.Fence && p.jobs[i].epoch == o.Epoch", to: "fence == o.Fence",
		kept: "implied: the first outcome of the batch passed held() with this epoch, and the fences are equal",
	},
	{
		name: "outcome: the one that ended the job came under that lease", kind: lease, file: resolveGo, place: "judge.verdict",
		from: "p.jobs[i].endedBy == o.Lease && ", protects: "a stale outcome is told that it counts",
	},
	{
		name: "outcome: the one that ended the job had that epoch", kind: epoch, file: resolveGo, place: "judge.verdict",
		from: "p.jobs[i].endedBy == o.Lease && p.jobs[i].epoch == o.Epoch", to: "p.jobs[i].endedBy == o.Lease",
		protects: "an outcome that names another claim is told that it counts",
	},
	{
		name: "outcome: the fence holds", kind: lease, file: resolveGo, place: "judge.verdict",
		from: "if !held(lease, o.Fence, p.jobs[i].epoch) {", to: "if lease == nil {", protects: "an outcome of any lease ends any job",
	},
	{
		name: "held: the lease exists", kind: lease, file: resolveGo, place: "held",
		from: "if lease == nil || epoch != f.Epoch {", to: "if epoch != f.Epoch {", protects: "an outcome of a reaped lease stops the resolver",
	},
	{
		name: "held: the job's state has the epoch", kind: epoch, file: resolveGo, place: "held",
		from: "if lease == nil || epoch != f.Epoch {", to: "if lease == nil {", protects: "an outcome of a claim that has ended counts while its lease holds other jobs",
	},
	{
		name: "held: the lease lists the job", kind: lease, file: resolveGo, place: "held",
		from: "return ok && listed == f.Epoch", to: "_ = ok\n\treturn listed == f.Epoch", protects: "a lease of one job ends another",
	},
	{
		name: "held: the lease lists it with the epoch", kind: epoch, file: resolveGo, place: "held",
		from: "return ok && listed == f.Epoch", to: "_ = listed\n\treturn ok", protects: "an earlier lease ends the later claim of its job",
	},
	{
		name: "outcome: the result can be stored", kind: status, file: resolveGo, place: "judge.verdict",
		from: "if o.Kind == job.KindCompleted && !acceptable(&o) {", to: "if !acceptable(&o) && false {",
		protects: "one result that can't be stored holds up the whole batch",
	},
	{
		name: "outcome: the end that the reaper wrote is not the worker's", kind: lease, file: resolveGo, place: "judge.end",
		from: "if !o.Expired {", to: "if true {", protects: "a worker whose lease was reaped is told that its outcome counts",
	},
	{
		name: "outcome: a job that is being cancelled is not tried again", kind: status, file: resolveGo, place: "judge.end",
		from: "standing.Cancelling || row.stopping", to: "standing.Cancelling || false && row.stopping", protects: "a job that somebody cancelled runs again",
	},
	{
		name: "outcome: a retry waits for its back-off", kind: clock, file: resolveGo, place: "judge.end",
		from: "scheduled = j.now + microsUp(next.Delay)", to: "scheduled = j.now", protects: "a job that fails is tried again at once, again and again",
	},
	{
		name: "attempts: each is recorded once", kind: unique, file: queries + "resolve.sql", place: "insert_attempts",
		from: " WHERE true\nON CONFLICT DO NOTHING", protects: "an attempt that is known already stops the resolver",
	},
	{
		name: "outcome: a batch resolves again after an unknown commit", kind: unique, file: resolveGo, place: "judge.verdict",
		from: "return committedIf(p.jobs[i].endedBy == o.Lease && p.jobs[i].epoch == o.Epoch && same)", to: "return job.Stale",
		protects: "a worker is told that its outcome did not count",
	},
}
