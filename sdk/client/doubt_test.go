package client

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

var errLink = fmt.Errorf("%w: the connection broke", ErrUnavailable)

// doubtful is a store whose connection breaks: before some commits, or after
// them, so that nobody learns of them.
type doubtful struct {
	store.Store
	before, after int
	calls         int
}

func (d *doubtful) EnqueueJobs(ctx context.Context, jobs []*job.Job, keys []store.Key) (store.Enqueued, error) {
	return d.call(func() (store.Enqueued, error) { return d.Store.EnqueueJobs(ctx, jobs, keys) })
}

func (d *doubtful) EnqueueWorkflow(ctx context.Context, w *workflow.Workflow, o store.EnqueueOptions) (store.Enqueued, error) {
	return d.call(func() (store.Enqueued, error) { return d.Store.EnqueueWorkflow(ctx, w, o) })
}

func (d *doubtful) call(enqueue func() (store.Enqueued, error)) (store.Enqueued, error) {
	d.calls++
	if d.before > 0 {
		d.before--
		return store.Enqueued{}, errLink
	}
	done, err := enqueue()
	if d.after > 0 {
		d.after--
		return store.Enqueued{}, errLink
	}
	return done, err
}

func TestAnEnqueueWhoseOutcomeIsInDoubtIsRepeatedAndStoredOnce(t *testing.T) {
	for name, broken := range map[string]doubtful{
		"before a commit":         {before: 2},
		"after a commit":          {after: 1},
		"before and after":        {before: 1, after: 1},
		"after two of one commit": {after: 2},
	} {
		for way, enqueue := range map[string]func(*Client) (Enqueued, job.ID, error){
			"a job": func(c *Client) (Enqueued, job.ID, error) {
				j := job.New("q", nil)
				done, err := c.Enqueue(t.Context(), j)
				return done, j.ID, err
			},
			"a job with a key": func(c *Client) (Enqueued, job.ID, error) {
				j := job.New("q", nil)
				done, err := c.Enqueue(t.Context(), j, IdempotencyKey("k"))
				return done, j.ID, err
			},
			"a workflow": func(c *Client) (Enqueued, job.ID, error) {
				w := workflow.NewWorkflow("w").Add(job.New("q", nil))
				done, err := c.EnqueueWorkflow(t.Context(), w)
				return done, w.ID, err
			},
			"a workflow with a key": func(c *Client) (Enqueued, job.ID, error) {
				w := workflow.NewWorkflow("w").Add(job.New("q", nil))
				done, err := c.EnqueueWorkflow(t.Context(), w, IdempotencyKey("k"))
				return done, w.ID, err
			},
		} {
			t.Run(name+", "+way, func(t *testing.T) {
				t.Parallel()
				c := doubting(t, broken)
				done, id, err := enqueue(c)
				if err != nil || done.ID != id || done.Existing {
					t.Fatalf("%+v, %v; want %s", done, err, id)
				}
				stored := 0
				for _, err := range c.Jobs(t.Context(), JobFilter{}) {
					if err != nil {
						t.Fatal(err)
					}
					stored++
				}
				if stored != 1 {
					t.Errorf("%d jobs are stored", stored)
				}
			})
		}
	}
}

func TestAnEnqueueThatCannotSucceedIsNotRepeated(t *testing.T) {
	c := doubting(t, doubtful{})
	if _, err := c.Enqueue(t.Context(), job.New("q", nil).DependsOnIDs(job.NewID())); !errors.Is(err, ErrUnknownParent) {
		t.Errorf("error: %v", err)
	}
	if n := c.store.(*doubtful).calls; n != 1 {
		t.Errorf("%d tries", n)
	}
}

func TestAnEnqueueIsGivenUpWithItsContextAndSaysWhatWentWrong(t *testing.T) {
	c := doubting(t, doubtful{before: 1000})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := c.Enqueue(ctx, job.New("q", nil)); !errors.Is(err, errLink) {
		t.Errorf("error: %v", err)
	}
}

// doubting opens a client on a store whose connection breaks.
func doubting(t *testing.T, broken doubtful) *Client {
	t.Helper()
	url := "sqlite://" + filepath.ToSlash(filepath.Join(t.TempDir(), "hammerwork.db"))
	c, err := New(t.Context(), Config{DatabaseURL: url, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	broken.Store = c.store
	c.store = &broken
	return c
}
