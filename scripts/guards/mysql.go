package main

import "slices"

const (
	mysqlPrefix  = "mysql: "
	mysqlDir     = "internal/store/mysql/"
	mysqlQueries = mysqlDir + "queries/"
)

// mysqlGuards are those of MySQL's statements and transactions.
var mysqlGuards = slices.Concat(myClaimGuards, myEnqueueGuards, myLeaseGuards, myWriteGuards, myGraphGuards, myTimerGuards,
	myOperateGuards, myReadGuards, myHiddenGuards, myPurgeGuards, myPartitionGuards, mySteerGuards, myLockGuards, myServerGuards)

// inMySQL is a guard that SQLite's statement has, too, as MySQL writes it.
func inMySQL(name, from, to string) guard { return twinOf(mysqlPrefix, "mysql", name, from, to) }
