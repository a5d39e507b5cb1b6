package patterns

import (
	"database/sql"
	"fmt"
	"strings"

	"github.com/hammerwork/hammerwork/pkg/job"

	_ "modernc.org/sqlite"
)

// Who has a SQL prompt finds jobs in the view hammerwork_jobs, with their
// dependencies as a JSON array.
func Example_waitingJobsInSQL() {
	first := job.New("sql_first", nil).WithDelay(hour)
	second := job.New("sql_second", nil).DependsOnJobs(first)
	_, err := queue.EnqueueMany(ctx, []*job.Job{first, second})
	check(err)

	db := open()
	defer db.Close()
	rows, err := db.Query(`
		SELECT id, queue_name, depends_on, dependency_status
		FROM hammerwork_jobs
		WHERE dependency_status = 'waiting'`)
	check(err)
	defer rows.Close()
	for rows.Next() {
		var id, name, parents, status string
		check(rows.Scan(&id, &name, &parents, &status))
		if id == second.ID.String() {
			fmt.Println(name, parents == `["`+first.ID.String()+`"]`, status)
		}
	}
	check(rows.Err())
	// Output: sql_second true waiting
}

// What a worker could have now, in the order in which it would get it.
func Example_readyJobsInSQL() {
	check(queue.PauseQueue(ctx, "sql_ready"))
	first := job.New("sql_ready", nil).WithName("normal")
	second := job.New("sql_ready", nil).WithName("urgent").WithPriority(job.Critical)
	third := job.New("sql_ready", nil).WithName("blocked").DependsOnJobs(first)
	_, err := queue.EnqueueMany(ctx, []*job.Job{first, second, third})
	check(err)

	db := open()
	defer db.Close()
	rows, err := db.Query(`
		SELECT name FROM hammerwork_jobs
		WHERE queue_name = ?
		  AND status = 'pending'
		  AND scheduled_at <= NOW()
		  AND (dependency_status = 'none' OR dependency_status = 'satisfied')
		ORDER BY priority DESC, scheduled_at ASC`, "sql_ready")
	check(err)
	defer rows.Close()
	for rows.Next() {
		var name string
		check(rows.Scan(&name))
		fmt.Println(name)
	}
	check(rows.Err())
	// Output:
	// urgent
	// normal
}

// open opens the database of the examples' engine.
func open() *sql.DB {
	db, err := sql.Open("sqlite", strings.TrimPrefix(data, "sqlite://"))
	check(err)
	return db
}
