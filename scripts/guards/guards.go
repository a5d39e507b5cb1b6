package main

import "slices"

// guards is every guard there is, in the order of the table.
var guards = slices.Concat(mainGuards, postgresGuards, mysqlGuards)

// mainGuards are all but those of PostgreSQL's and MySQL's own.
var mainGuards = slices.Concat(claimGuards, enqueueGuards, keyGuards, callerGuards, leaseGuards, outcomeGuards, writeGuards, graphGuards,
	edgeCheckGuards, timerGuards, cancelGuards, jobCancelGuards, queueGuards, readGuards, listGuards, hiddenGuards, buildGuards,
	purgeGuards, partitionGuards, lockGuards, decisionGuards, deciderGuards, steerGuards,
	agentGuards, serviceGuards, massGuards)

const (
	queries  = "internal/store/sqlite/queries/"
	sqlstore = "internal/store/sqlstore/"
)
