package main

const (
	partitionGo  = sqlstore + "partition.go"
	partitionSQL = queries + "partition.sql"
)

// partitionGuards are those of the partitions that resolvers share.
var partitionGuards = []guard{
	{
		name: "partitions: only what has expired is free", kind: expiry, file: partitionGo, place: "readPartitions",
		from: "case x.expires <= p.now:", to: "case x.expires <= p.now || true:", protects: "two resolvers own a partition",
	},
	{
		name: "partitions: a resolver lets go of what is over its share", kind: left, file: partitionGo, place: "partitions.share",
		from: "if len(p.own) > n {", to: "if false {", protects: "a resolver that comes later gets nothing to do",
	},
	{
		name: "partitions: a resolver takes no more than its share", kind: left, file: partitionGo, place: "partitions.share",
		from: "p.free[:min(n-len(p.own), len(p.free))]", to: "p.free", protects: "a resolver takes what others are to have",
	},
	{
		name: "partitions: the rows are there before they are shared", kind: whole, file: partitionGo, place: "lockPartitions",
		from: `tx.QueueExec("add_partitions", partitionRows(missing))`, to: "_ = missing", protects: "nobody resolves anything",
	},
	{
		name: "partitions: silent resolvers do not count", kind: expiry, file: partitionGo, place: "Store.SharePartitions",
		from: `tx.QueueExec("forget_resolvers", p.now)`, to: "_ = p.now", protects: "the partitions of a dead resolver stay nobody's",
	},
	{
		name: "own_partitions: its own or nobody's", kind: owner, file: partitionSQL, place: "own_partitions",
		from: " AND (resolver = ?2 OR expires_at <= ?3)", to: " AND ?3 IS NOT NULL", kept: "implied: all rows are locked, and were seen to be so",
	},
	{
		name: "own_partitions: every row", kind: whole, file: partitionGo, place: "Store.SharePartitions",
		from: `queueGuarded(tx, "own_partitions", `, to: `queueRows(tx, "own_partitions", `, kept: "implied: all rows are locked, and were seen to be so",
	},
	{
		name: "free_partitions: only its own", kind: owner, file: partitionSQL, place: "free_partitions",
		from: " AND resolver = ?2", to: " AND ?2 IS NOT NULL", kept: "implied: all rows are locked, and were seen to be so",
	},
	{
		name: "add_partitions: those that another has added", kind: unique, file: partitionSQL, place: "add_partitions",
		from: " WHERE true\nON CONFLICT DO NOTHING", kept: "SQLite has one writer, who has looked",
	},
	{
		name: "forget_resolvers: only who is silent", kind: expiry, file: partitionSQL, place: "forget_resolvers",
		from: " WHERE expires_at <= ?1", to: " WHERE ?1 IS NOT NULL", protects: "resolvers that live do not count, and one owns everything",
	},
	{
		name: "forget_resolver: only who leaves", kind: owner, file: partitionSQL, place: "forget_resolver",
		from: " WHERE name = ?1", to: " WHERE ?1 IS NOT NULL", protects: "resolvers that live do not count",
	},
}
