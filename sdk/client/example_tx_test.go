package client_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/sdk/client"
	"github.com/hammerwork/hammerwork/sdk/hammerworktest"
)

// shop opens an application's own handle on the database of an engine.
func shop(e *hammerworktest.Engine) *sql.DB {
	db, err := sql.Open("sqlite", strings.TrimPrefix(e.DatabaseURL, "sqlite://")+"?_txlock=immediate&_pragma=busy_timeout(5000)")
	check(err)
	_, err = db.Exec("CREATE TABLE orders (id INTEGER PRIMARY KEY, item TEXT)")
	check(err)
	return db
}

func ExampleClient_EnqueueTx() {
	ctx := context.Background()
	e := running(ctx)
	defer e.Close()
	db := shop(e)
	defer db.Close()

	tx, err := db.BeginTx(ctx, nil)
	check(err)
	defer tx.Rollback() // does nothing after the commit

	_, err = tx.ExecContext(ctx, "INSERT INTO orders (item) VALUES ('book')")
	check(err)
	mail, err := e.Client.EnqueueTx(ctx, tx, job.New("mail", map[string]string{"item": "book"}))
	check(err)
	check(tx.Commit()) // the order and its mail, or neither

	e.Client.Hint(ctx, mail) // else the services find it by themselves
	done, err := e.Client.WaitJob(ctx, mail.ID)
	check(err)
	fmt.Println(done.Status)
	// Output: completed
}

func ExampleClient_EnqueueTx_rollback() {
	ctx := context.Background()
	e := running(ctx)
	defer e.Close()
	db := shop(e)
	defer db.Close()

	tx, err := db.BeginTx(ctx, nil)
	check(err)
	_, err = e.Client.EnqueueManyTx(ctx, tx, []*job.Job{job.New("mail", 1), job.New("mail", 2)})
	check(err)
	check(tx.Rollback())

	n := 0
	for _, err := range e.Client.Jobs(ctx, client.JobFilter{}) {
		check(err)
		n++
	}
	fmt.Println(n, "jobs")
	// Output: 0 jobs
}

func ExampleClient_EnqueueWorkflowTx() {
	ctx := context.Background()
	e := running(ctx)
	defer e.Close()
	db := shop(e)
	defer db.Close()

	tx, err := db.BeginTx(ctx, nil)
	check(err)
	defer tx.Rollback()
	_, err = tx.ExecContext(ctx, "INSERT INTO orders (item) VALUES ('book')")
	check(err)
	w := workflow.NewWorkflow("order").Add(job.New("charge", nil)).Then(job.New("ship", nil), job.New("mail", nil))
	order, err := e.Client.EnqueueWorkflowTx(ctx, tx, w)
	check(err)
	check(tx.Commit())

	e.Client.Hint(ctx, order)
	done, err := e.Client.WaitWorkflow(ctx, order.ID)
	check(err)
	fmt.Println(done.Status, done.Stats.Completed)
	// Output: completed 3
}
