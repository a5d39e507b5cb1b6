package main

const (
	keyGo      = sqlstore + "idempotency.go"
	operateSQL = queries + "operate.sql"
)

// keyGuards are those of idempotency keys.
var keyGuards = []guard{
	{
		name: "key: a job that its key made before is not made again", kind: unique, file: keyGo, place: "keyring.fresh",
		from: "if k.existing[i] {", to: "if k.existing[i] && false {", protects: "a request that comes again makes a second job",
	},
	{
		name: "key: a workflow that its key made before is not made again", kind: unique, file: sqlstore + "enqueue.go", place: "enqueueWorkflow",
		from: "if k.existing[0] {", to: "if false {", protects: "a request that comes again makes a second workflow",
	},
	{
		name: "key: another request with it is refused", kind: unique, file: keyGo, place: "keyring.find",
		from: "case hex.EncodeToString(hash) != k.rows[i].Hash:", to: "case false:", protects: "a new request is answered with what an earlier one made, and lost",
	},
	{
		name: "key: another request with it in one batch is refused", kind: unique, file: keyGo, place: "keyring.check",
		from: "} else if k.rows[j].Hash != row.Hash {", to: "} else if false && j >= 0 {", protects: "one of two requests of a batch is lost",
	},
	{
		name: "key: one key in a batch makes one job", kind: unique, file: keyGo, place: "keyring.repeat",
		from: "if j, twice := first[key]; twice {", to: "if j, twice := first[key]; twice && false {", protects: "a request that is twice in a batch makes two jobs",
	},
	{
		name: "key: what another stored meanwhile is found", kind: unique, file: keyGo, place: "keyring.turn",
		from: "if stored < int64(len(list)) {", to: "if false && stored == 0 {", protects: "two requests at the same time make two jobs",
	},
	{
		name: "key: what this transaction stored is not another's", kind: owner, file: keyGo, place: "keyring.find",
		from: "mine && id == k.ids[i]", to: "false && mine", protects: "a job is said to be there and is not",
	},
	{
		name: "key: what was found is not stored anew", kind: unique, file: keyGo, place: "keyring.turn",
		from: "return k.existing[i] })", to: "return false && k.existing[i] })",
		kept: "insert_keys leaves alone what is there, and a second look finds it; it saves both",
	},
	{
		name: "key: keys are stored in their order", kind: order, file: keyGo, place: "keyring.check",
		from: "slices.SortFunc(fresh, func(a, b int) int {", to: "_ = slices.SortFunc[[]int]\n\t_ = (func(a, b int) int {",
		kept: "PostgreSQL sorts them in insert_keys as well, and SQLite has one writer",
	},
	{
		name: "key: a child waits for what its parent's key made before", kind: scope, file: keyGo, place: "keyring.fresh",
		from: "if k.ids[i] != j.ID {", to: "if false {", protects: "a request that comes again with a new child is refused",
	},
	{
		name: "key: two parents that one key made are one", kind: unique, file: "internal/store/moved.go", place: "MoveParents",
		from: "if !seen[d.Parent] {", to: "if true {", protects: "a request that comes again with a new child is an error of the database",
	},
	{
		name: "key: it can be stored", kind: status, file: keyGo, place: "keyring.check",
		from: "case strings.ContainsRune(row.Key, 0):", to: "case false:", protects: "one database takes a key that another refuses",
	},
	{
		name: "key: there is one for each job or none", kind: left, file: sqlstore + "enqueue.go", place: "enqueueJobs",
		from: "if keys != nil && len(keys) != len(jobs) {", to: "if false {", protects: "a caller that forgot a key is stopped by a panic",
	},
	{
		name: "insert_keys: one that is there already", kind: unique, file: operateSQL, place: "insert_keys",
		from: " WHERE true\nON CONFLICT DO NOTHING", protects: "of two requests at the same time one is an error",
	},
	{
		name: "keys_stored: the key's scope", kind: scope, file: operateSQL, place: "keys_stored",
		from: "k.scope = x.value ->> 'scope' AND ", protects: "a key is looked up from end to end of the table",
	},
}
