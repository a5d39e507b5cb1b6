package hammerworktest_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/sdk/hammerworktest"
	"github.com/hammerwork/hammerwork/sdk/worker"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func ExampleOpen() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "example-")
	check(err)
	defer os.RemoveAll(dir)
	e, err := hammerworktest.Open(ctx,
		hammerworktest.OnDatabase("sqlite://"+filepath.ToSlash(dir)+"/mine.db"),
		hammerworktest.WithLogger(slog.New(slog.DiscardHandler)))
	check(err)
	defer e.Close()

	check(e.Work(func(w *worker.Worker) error {
		return worker.Handle(w, "greet", func(_ context.Context, j *worker.Job) (any, error) { return "hello", nil })
	}))
	j := job.New("greet", nil)
	_, err = e.Client.Enqueue(ctx, j)
	check(err)
	done, err := e.Client.WaitJob(ctx, j.ID)
	check(err)
	fmt.Println(done.Status, string(done.Result))
	// Output: completed "hello"
}

func ExampleOnPostgres() {
	t := &shortTest{} // in a test: its *testing.T
	defer t.end()

	e := hammerworktest.Start(t, hammerworktest.OnPostgres(t))
	_, err := e.Client.Enqueue(context.Background(), job.New("greet", nil))
	fmt.Println(err)
	// Output: <nil>
}

func ExampleOnMySQL() {
	t := &shortTest{} // in a test: its *testing.T
	defer t.end()

	e := hammerworktest.Start(t, hammerworktest.OnMySQL(t))
	_, err := e.Client.Enqueue(context.Background(), job.New("greet", nil))
	fmt.Println(err)
	// Output: <nil>
}

func ExampleStart() {
	t := &shortTest{} // in a test: its *testing.T
	defer t.end()

	e := hammerworktest.Start(t) // until the test has ended
	j := job.New("greet", nil)
	_, err := e.Client.Enqueue(context.Background(), j)
	fmt.Println(err)
	// Output: <nil>
}
