package sqlstore

// endRow is a row of end_jobs.
type endRow struct {
	ID         hexID   `json:"id"`
	Epoch      int64   `json:"epoch"`
	Status     string  `json:"status"`
	Dependency string  `json:"dependency_status"`
	Reason     string  `json:"reason"`
	Error      string  `json:"error"`
	Cause      hexID   `json:"cause"`
	Attempts   int     `json:"attempts"`
	Unresolved int     `json:"unresolved"`
	Active     int     `json:"active"`
	Inactive   int     `json:"inactive"`
	Broken     int     `json:"broken"`
	StartedAt  *int64  `json:"started_at"`
	Lease      hexID   `json:"lease"`
	Worker     string  `json:"worker"`
	Result     *string `json:"result" sql:"bytes"`
	Decision   string  `json:"decision"`
	Spared     int     `json:"spared"`
}

// size is how many bytes the row has that are not bounded by its columns.
func (r *endRow) size() int {
	if r.Result == nil {
		return 0
	}
	return len(*r.Result)
}

// requeueRow is a row of requeue_jobs.
type requeueRow struct {
	ID          hexID  `json:"id"`
	Epoch       int64  `json:"epoch"`
	Status      string `json:"status"`
	Attempts    int    `json:"attempts"`
	GiveBacks   int    `json:"give_backs"`
	ScheduledAt int64  `json:"scheduled_at"`
	Error       string `json:"error"`
	worker      string
}

// countRow is a row of count_jobs.
type countRow struct {
	ID         hexID  `json:"id"`
	Dependency string `json:"dependency_status"`
	Unresolved int    `json:"unresolved"`
	Active     int    `json:"active"`
	Inactive   int    `json:"inactive"`
	Broken     int    `json:"broken"`
	Cause      hexID  `json:"cause"`
	Spared     int    `json:"spared"`
}

// resetRow is a row of reset_jobs and keep_runs.
type resetRow struct {
	ID          hexID   `json:"id"`
	Dependency  string  `json:"dependency_status"`
	Unresolved  int     `json:"unresolved"`
	Active      int     `json:"active"`
	Inactive    int     `json:"inactive"`
	Broken      int     `json:"broken"`
	ScheduledAt int64   `json:"scheduled_at"`
	Run         int     `json:"run"` // below 0: that much more
	Payload     *string `json:"payload" sql:"bytes"`
	Cause       hexID   `json:"cause"`
	Spared      int     `json:"spared"`
}

// size is how many bytes the row has that are not bounded by its columns.
func (r *resetRow) size() int {
	if r.Payload == nil {
		return 0
	}
	return len(*r.Payload)
}

// decisionRow is a row of decide_jobs.
type decisionRow struct {
	ID       hexID   `json:"id"`
	Decision string  `json:"decision"`
	Result   *string `json:"result" sql:"bytes"`
}

// spawnedRow is a row of insert_spawned.
type spawnedRow struct {
	Spawner hexID `json:"spawner"`
	ID      hexID `json:"id"`
}

// parentsRow is a row of extend_parents.
type parentsRow struct {
	ID      hexID  `json:"id"`
	Parents string `json:"parents"` // ids in quotes, with commas between
}

// rulesRow is a row of set_rules.
type rulesRow struct {
	ID    hexID  `json:"id"`
	Rules string `json:"rules"`
}

// evaluationRow is a row of insert_evaluations.
type evaluationRow struct {
	ID     hexID  `json:"id"`
	Value  *int   `json:"value"`
	Digest string `json:"digest"`
	With   string `json:"with"`
	Error  string `json:"error"`
}

// size is how many bytes the row has that are not bounded by its columns.
func (r *evaluationRow) size() int { return len(r.With) }

// attemptRow is a row of insert_attempts.
type attemptRow struct {
	ID        hexID  `json:"id"`
	Epoch     int64  `json:"epoch"`
	Attempt   int    `json:"attempt"`
	Lease     hexID  `json:"lease"`
	Worker    string `json:"worker"`
	Outcome   string `json:"outcome"`
	Error     string `json:"error"`
	StartedAt int64  `json:"started_at"`
}

// workflowRow is a row of update_workflows.
type workflowRow struct {
	ID             hexID  `json:"id"`
	Status         string `json:"status"`
	Reason         string `json:"reason"`
	Failing        int    `json:"failing"`
	UserPaused     int    `json:"user_paused"`
	Undecided      int    `json:"undecided"`
	Unforgiven     int    `json:"unforgiven"`
	Begun          int    `json:"finally_begun"`
	CancelFinally  int    `json:"cancel_finally"`
	Completed      int    `json:"completed"`
	Failed         int    `json:"failed"`
	Dead           int    `json:"dead"`
	TimedOut       int    `json:"timed_out"`
	UpstreamFailed int    `json:"upstream_failed"`
	Cancelled      int    `json:"cancelled"`
	Skipped        int    `json:"skipped"`
	Ended          int    `json:"ended"`
	InFlight       int    `json:"in_flight"`
	Next           int    `json:"next_position"`
}

// leaseCount is a row of shrink_leases.
type leaseCount struct {
	ID hexID `json:"id"`
	N  int   `json:"n"`
}
