package worker_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/sdk/hammerworktest"
	"github.com/hammerwork/hammerwork/sdk/worker"
)

func TestWhatAnAttemptSpawnsTravelsWithItsResult(t *testing.T) {
	bubble(t, worker.Config{}, one(1, func(_ context.Context, j *worker.Job) (any, error) {
		return nil, j.Spawn(job.New("q", 7).WithName("part"))
	}), func(r *rig) {
		k := r.deliver()
		o := r.outcome()
		equal(t, "kind", o.Kind, job.KindCompleted)
		equal(t, "spawned", len(o.Spawned), 1)
		equal(t, "name", o.Spawned[0].Name, "part")
		equal(t, "payload", string(o.Spawned[0].Payload), "7")
		equal(t, "parent", o.Spawned[0].DependsOn[0].Parent, k.Job)
	})
}

func TestAnAttemptThatFailsSpawnsNothing(t *testing.T) {
	bubble(t, worker.Config{}, one(1, func(_ context.Context, j *worker.Job) (any, error) {
		return nil, errors.Join(j.Spawn(job.New("q", nil)), errors.New("after all"))
	}), func(r *rig) {
		r.deliver()
		o := r.outcome()
		equal(t, "kind", o.Kind, job.KindFailed)
		equal(t, "spawned", len(o.Spawned), 0)
	})
}

func TestAHandlerLearnsAtOnceWhatItCannotSpawn(t *testing.T) {
	var before, after error
	var late *worker.Job
	bubble(t, worker.Config{}, one(1, func(_ context.Context, j *worker.Job) (any, error) {
		before = j.Spawn(job.New("", nil))
		late = j
		return nil, j.Spawn(job.New("q", nil))
	}), func(r *rig) {
		r.deliver()
		equal(t, "spawned", len(r.outcome().Spawned), 1)
		after = late.Spawn(job.New("q", nil))
	})
	var fault *workflow.Error
	if !errors.As(before, &fault) {
		t.Errorf("a job without a queue is refused with %v", before)
	}
	if after == nil || !strings.Contains(after.Error(), "has returned") {
		t.Errorf("spawning after the handler returned gives %v", after)
	}
}

func TestAJobWhoseSpawnedJobsAreRefusedFailsAndSaysWhy(t *testing.T) {
	e := hammerworktest.Start(t)
	if err := e.Work(func(w *worker.Worker) error {
		return worker.HandleAll(w, func(_ context.Context, j *worker.Job) (any, error) {
			if j.Name == "first" {
				return nil, j.Spawn(job.New("q", nil).WithName("last"))
			}
			return nil, nil
		})
	}); err != nil {
		t.Fatal(err)
	}
	first := job.New("q", nil).WithName("first")
	w := workflow.NewWorkflow("refused").Add(first).Then(job.New("q", nil).WithName("last"))
	if _, err := e.Client.EnqueueWorkflow(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	done, err := e.Client.WaitWorkflow(t.Context(), w.ID)
	if err != nil {
		t.Fatal(err)
	}
	j, err := e.Client.Job(t.Context(), first.ID)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "workflow", done.Status, workflow.Failed)
	equal(t, "jobs", done.Stats.Total, 2)
	equal(t, "error", j.Error, `the engine refused the outcome: the workflow has a job "last" already`)
}
