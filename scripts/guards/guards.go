package main

import "slices"

// guards is every guard there is, in the order of the table.
var guards = slices.Concat(claimGuards, enqueueGuards, leaseGuards, outcomeGuards, writeGuards, graphGuards, edgeCheckGuards,
	timerGuards, cancelGuards, readGuards, lockGuards, decisionGuards, agentGuards, serviceGuards)

const (
	queries  = "internal/store/sqlite/queries/"
	sqlstore = "internal/store/sqlstore/"
)
