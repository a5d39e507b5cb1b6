package main

const schedulerMachine = schedulerDir + "machine.go"

// massGuards hold the reaper when leases expire in masses.
var massGuards = []guard{
	{
		name: "overdue_leases: the lease has expired", kind: expiry, file: queries + "lease.sql", place: "overdue_leases",
		from: "expires_at <= ?1 AND ", to: "?1 IS NOT NULL AND ", protects: "the reaper is held while most leases stand",
	},
	{
		name: "overdue_leases: its worker has accepted it", kind: status, file: queries + "lease.sql", place: "overdue_leases",
		from: " AND accepted = 1", protects: "lost deliveries look like workers that were cut off",
	},
	{
		name: "standing_leases: the lease has not expired", kind: expiry, file: queries + "lease.sql", place: "standing_leases",
		from: "expires_at > ?1 AND ", to: "?1 IS NOT NULL AND ", protects: "what has expired counts as standing, and a mass is none",
	},
	{
		name: "standing_leases: its worker has accepted it", kind: status, file: queries + "lease.sql", place: "standing_leases",
		from: " AND accepted = 1", protects: "leases that nobody accepted make a mass look small",
	},
	{
		name: "scheduler: leases that expire in masses are left alone for a while", kind: expiry, file: schedulerMachine, place: "Machine.reap",
		from: "maySpare && mass(o)", to: "maySpare && false", protects: "when the dispatchers lost the database every job that runs loses an attempt",
	},
	{
		name: "scheduler: a mass is left alone once", kind: unique, file: schedulerMachine, place: "Machine.reap",
		from: "!m.spared && ", protects: "the jobs of workers that died together never run again",
	},
	{
		name: "scheduler: a look that failed ends no lease", kind: expiry, file: schedulerMachine, place: "Machine.reap",
		from: "err != nil || maySpare", to: "maySpare", protects: "a mass that nobody could count is ended",
	},
	{
		name: "scheduler: a few leases are no mass", kind: left, file: schedulerMachine, place: "mass",
		from: "o.Leases >= few && ", to: "o.Leases >= few-few && ", protects: "the jobs of a few dead workers wait",
	},
	{
		name: "scheduler: the leases of one worker are no mass", kind: left, file: schedulerMachine, place: "mass",
		from: "o.Workers > 1 && ", protects: "the jobs of one dead worker wait",
	},
	{
		name: "scheduler: fewer than those that stand are no mass", kind: left, file: schedulerMachine, place: "mass",
		from: " && o.Standing < o.Leases", protects: "the jobs of dead workers wait while most live",
	},
	{
		name: "scheduler: the hold of a mass begins when it is seen", kind: clock, file: schedulerMachine, place: "Machine.spare",
		from: "m.leases.at = now.Add(m.cfg.ReapHold)", to: "_ = now", protects: "a mass is ended with the next look",
	},
	{
		name: "scheduler: after a mass the next one is held again", kind: status, file: schedulerMachine, place: "Machine.spare",
		from: "m.spared = false", to: "m.spared = m.spared && true", protects: "of two outages the second costs an attempt of every job",
	},
}
