package worker

import (
	"errors"
	"sync"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// spawned collects what a handler spawns.
type spawned struct {
	mu    sync.Mutex
	list  []job.Spawned
	ended bool // the handler has returned
}

// errReturned says that a handler has returned before it spawned something.
var errReturned = errors.New("the handler has returned: nothing is spawned any more")

// Spawn adds a job to this job's workflow, or beside it if it has none, in the
// transaction that completes this job: if the attempt does not complete, nothing
// is spawned. s depends on this job, whose result it gets, and on jobs spawned
// before it that it names itself. Jobs of the workflow that before names wait
// for it, too: if one of them has started by then, comes before this job, or the
// workflow has a job of that name, this job fails for good, and says why.
//
// A job without a name is named after this one, with a number: split.1, split.2, …,
// in the order in which they are spawned. What s says counts as it is now.
//
// Trace and correlation id, priority and retry policy are this job's unless s
// has its own. An attempt may spawn job.MaxSpawned jobs of job.MaxSpawnedBytes
// together; a finally job, and an item of a batch or a map, spawn nothing. The
// error is a *workflow.Error that says what is wrong with s, which is left out
// then.
//
// When a retry of the workflow lets this job run again, a job that it spawned
// under the same name runs again, with the new payload, and so does one that it
// does not spawn again, as it was.
func (j *Job) Spawn(s *job.Job, before ...string) error {
	if j.spawned == nil {
		return errReturned
	}
	j.spawned.mu.Lock()
	defer j.spawned.mu.Unlock()
	if j.spawned.ended {
		return errReturned
	}
	if s.ID == (job.ID{}) {
		s.ID = job.NewID() // others may depend on it
	}
	list := append(j.spawned.list[:len(j.spawned.list):len(j.spawned.list)], job.Spawned{Job: s, Before: before})
	list, err := workflow.ValidateSpawned(j.ID(), j.Name, list, j.WorkflowID == job.ID{})
	if err != nil {
		return err
	}
	j.spawned.list = list
	return nil
}

// end takes what was spawned.
func (s *spawned) end() []job.Spawned {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	return s.list
}
