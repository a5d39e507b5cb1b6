package client_test

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/hammerwork/hammerwork/internal/store/mysql/mysqltest"
	"github.com/hammerwork/hammerwork/internal/store/postgres/pgtest"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/sdk/client"
)

// caller is an application with a database handle and a table of its own.
type caller struct {
	begin    func() client.Tx
	exec     func(tx client.Tx, statement string) error
	commit   func(client.Tx) error
	rollback func(client.Tx) error
	rows     func() int // of its table
}

// callers open an application's own handle on the database at a URL.
var callers = map[string]func(t *testing.T, url string) caller{
	"sqlite": func(t *testing.T, url string) caller {
		return overSQL(t, "sqlite", strings.TrimPrefix(url, "sqlite://")+"?_txlock=immediate&_pragma=busy_timeout(5000)")
	},
	"postgres with database/sql": func(t *testing.T, url string) caller {
		config, err := pgxpool.ParseConfig(url) // it has a setting of pools
		if err != nil {
			t.Fatal(err)
		}
		return overSQL(t, "pgx", stdlib.RegisterConnConfig(config.ConnConfig))
	},
	"postgres with pgx": overPgx,
	"mysql": func(t *testing.T, address string) caller {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		return overSQL(t, "mysql", u.User.String()+"@tcp("+u.Host+")"+u.Path)
	},
}

// overPgx is an application that uses pgx.
func overPgx(t *testing.T, url string) caller {
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	if _, err := pool.Exec(t.Context(), "CREATE TABLE orders (id INTEGER)"); err != nil {
		t.Fatal(err)
	}
	return caller{
		begin: func() client.Tx {
			tx, err := pool.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return tx
		},
		exec:     func(tx client.Tx, s string) error { _, err := tx.(pgx.Tx).Exec(t.Context(), s); return err },
		commit:   func(tx client.Tx) error { return tx.(pgx.Tx).Commit(t.Context()) },
		rollback: func(tx client.Tx) error { return tx.(pgx.Tx).Rollback(t.Context()) },
		rows: func() int {
			n := 0
			if err := pool.QueryRow(t.Context(), "SELECT count(*) FROM orders").Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		},
	}
}

// overSQL is an application that uses database/sql.
func overSQL(t *testing.T, driver, source string) caller {
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := db.Exec("CREATE TABLE orders (id INTEGER)"); err != nil {
		t.Fatal(err)
	}
	return caller{
		begin: func() client.Tx {
			tx, err := db.Begin()
			if err != nil {
				t.Fatal(err)
			}
			return tx
		},
		exec:     func(tx client.Tx, s string) error { _, err := tx.(*sql.Tx).Exec(s); return err },
		commit:   func(tx client.Tx) error { return tx.(*sql.Tx).Commit() },
		rollback: func(tx client.Tx) error { return tx.(*sql.Tx).Rollback() },
		rows: func() int {
			n := 0
			if err := db.QueryRow("SELECT count(*) FROM orders").Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		},
	}
}

// onEachCaller runs a test with every kind of transaction.
func onEachCaller(t *testing.T, test func(t *testing.T, url string, app caller)) {
	for kind, handle := range callers {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			url := databases["sqlite"](t)
			switch {
			case kind == "mysql":
				url = mysqltest.Fresh(t) // the application makes a table
			case strings.HasPrefix(kind, "postgres"):
				url = pgtest.Fresh(t)
			}
			test(t, url, handle(t, url))
		})
	}
}

func TestWorkIsThereExactlyWhenTheCallersRowsAre(t *testing.T) {
	onEachCaller(t, func(t *testing.T, url string, app caller) {
		c := open(t, url)
		for _, commit := range []bool{false, true} {
			tx := app.begin()
			if err := app.exec(tx, "INSERT INTO orders VALUES (1)"); err != nil {
				t.Fatal(err)
			}
			a, err := c.EnqueueTx(t.Context(), tx, one("a"))
			if err != nil {
				t.Fatal(err)
			}
			list, err := c.EnqueueManyTx(t.Context(), tx, []*job.Job{one("b"), one("c").DependsOnIDs(a.ID)})
			if err != nil {
				t.Fatal(err)
			}
			w, err := c.EnqueueWorkflowTx(t.Context(), tx, chain("x", "y"))
			if err != nil {
				t.Fatal(err)
			}
			end, want := app.rollback, 0
			if commit {
				end, want = app.commit, 1
			}
			if err := end(tx); err != nil {
				t.Fatal(err)
			}
			c.Hint(t.Context(), append(list, a, w)...)
			equal(t, "rows", app.rows(), want)
			equal(t, "jobs", len(names(t, c, client.JobFilter{})), 5*want)
			_, err = c.Workflow(t.Context(), w.ID)
			equal(t, "workflow found", err == nil, commit)
		}
	})
}

func TestARefusedEnqueueLeavesTheCallersTransactionAsItWas(t *testing.T) {
	onEachCaller(t, func(t *testing.T, url string, app caller) {
		c := open(t, url)
		tx := app.begin()
		if err := app.exec(tx, "INSERT INTO orders VALUES (1)"); err != nil {
			t.Fatal(err)
		}
		if _, err := c.EnqueueTx(t.Context(), tx, job.New("", nil)); err == nil {
			t.Error("an invalid job was accepted")
		}
		if _, err := c.EnqueueManyTx(t.Context(), tx, []*job.Job{one("lost"), one("a").DependsOnIDs(job.NewID())}); !errors.Is(err, client.ErrUnknownParent) {
			t.Errorf("an unknown parent: %v", err)
		}
		if _, err := c.EnqueueTx(t.Context(), tx, one("kept"), client.IdempotencyKey("k")); err != nil {
			t.Error(err)
		}
		if _, err := c.EnqueueTx(t.Context(), tx, one("other"), client.IdempotencyKey("k")); !errors.Is(err, client.ErrKeyReused) {
			t.Errorf("a key for another request: %v", err)
		}
		if done, err := c.EnqueueTx(t.Context(), tx, one("kept"), client.IdempotencyKey("k")); err != nil || !done.Existing {
			t.Errorf("a key for the same request: %+v, %v", done, err)
		}
		if err := app.commit(tx); err != nil {
			t.Fatal(err)
		}
		equal(t, "rows", app.rows(), 1)
		equal(t, "jobs", strings.Join(names(t, c, client.JobFilter{}), " "), "kept")
	})
}

func TestWhatIsNoTransactionIsNamedByItsType(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		c := open(t, url)
		wrapped := struct{ *sql.Tx }{}
		for _, tx := range []client.Tx{&sql.DB{}, wrapped, 7} {
			for _, err := range enqueueAll(t.Context(), c, tx) {
				if err == nil || !strings.Contains(err.Error(), " is no transaction of a ") || !strings.HasSuffix(err.Error(), "a *sql.Tx is wanted") {
					t.Errorf("%T: %v", tx, err)
				}
			}
		}
		for _, tx := range []client.Tx{nil, (*sql.Tx)(nil)} {
			for _, err := range enqueueAll(t.Context(), c, tx) {
				if err == nil || !strings.HasPrefix(err.Error(), "the transaction is nil") {
					t.Errorf("%T: %v", tx, err)
				}
			}
		}
	})
}

// enqueueAll tries every way to enqueue within a transaction.
func enqueueAll(ctx context.Context, c *client.Client, tx client.Tx) [3]error {
	_, single := c.EnqueueTx(ctx, tx, one("a"))
	_, many := c.EnqueueManyTx(ctx, tx, []*job.Job{one("a")})
	_, flow := c.EnqueueWorkflowTx(ctx, tx, workflow.NewWorkflow("w").Add(one("a")))
	return [3]error{single, many, flow}
}
