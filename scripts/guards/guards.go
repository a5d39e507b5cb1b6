package main

import "slices"

// guards is every guard there is, in the order of the table.
var guards = slices.Concat(claimGuards, enqueueGuards, keyGuards, callerGuards, leaseGuards, outcomeGuards, writeGuards, graphGuards,
	edgeCheckGuards, timerGuards, cancelGuards, jobCancelGuards, queueGuards, readGuards, listGuards, lockGuards, decisionGuards,
	agentGuards, serviceGuards, postgresGuards)

const (
	queries  = "internal/store/sqlite/queries/"
	sqlstore = "internal/store/sqlstore/"
)
