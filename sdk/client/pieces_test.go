package client

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// backwards returns n jobs, each of which depends on the one behind it.
func backwards(t *testing.T, n int) []*job.Job {
	t.Helper()
	jobs := make([]*job.Job, n)
	for i := range jobs {
		jobs[i] = job.New("q", i).WithName(fmt.Sprint(i))
	}
	for i := range n - 1 {
		jobs[i].DependsOnJobs(jobs[i+1])
	}
	if err := workflow.ValidateJobs(jobs); err != nil {
		t.Fatal(err)
	}
	return jobs
}

func TestPiecesHaveAJobAfterThoseThatItDependsOn(t *testing.T) {
	jobs := append(backwards(t, 5), job.New("q", "free"))
	if got := fmt.Sprint(inPieces(jobs, 2)); got != "[[4 5] [3 2] [1 0]]" {
		t.Errorf("pieces %s", got)
	}
	if got := fmt.Sprint(inPieces(jobs[:3], 10)); got != "[[2 1 0]]" {
		t.Errorf("one piece %s", got)
	}
}

func TestManyJobsAreStoredInPiecesWhicheverAreThere(t *testing.T) {
	c, err := New(t.Context(), Config{DatabaseURL: "sqlite://" + filepath.Join(t.TempDir(), "hammerwork.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	enqueue := func(jobs []*job.Job, keys []store.Key) []Enqueued {
		t.Helper()
		list, err := c.enqueuePieces(t.Context(), jobs, keys, 3)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	keys := make([]store.Key, 8)
	for i := range keys {
		keys[i] = store.Key{Value: fmt.Sprint("key-", i)}
	}
	first := backwards(t, 8)
	enqueue(first[5:], keys[5:])
	again := backwards(t, 8)
	list := enqueue(again, keys)
	for i, e := range list {
		made := again[i].ID
		if i >= 5 {
			made = first[i].ID
		}
		if e.ID != made || e.Existing != (i >= 5) {
			t.Errorf("job %d is %s, existing %v; want %s", i, e.ID, e.Existing, made)
		}
	}
	for i := range list[:7] {
		j, err := c.Job(context.Background(), list[i].ID)
		if err != nil {
			t.Fatal(err)
		}
		if len(j.DependsOn) != 1 || j.DependsOn[0] != list[i+1].ID {
			t.Errorf("job %d depends on %v; want %s", i, j.DependsOn, list[i+1].ID)
		}
	}
	for i, e := range enqueue(again, nil) { // the very same jobs
		if i < 5 && !e.Existing {
			t.Errorf("job %d was stored twice", i)
		}
	}
}
