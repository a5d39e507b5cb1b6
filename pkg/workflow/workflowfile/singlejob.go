package workflowfile

import (
	"errors"
	"strings"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// SingleJob is a job that belongs to no workflow, and what else its author
// says about the enqueue.
type SingleJob struct {
	*job.Job
	IdempotencyKey string // empty: none
}

// ParseJob reads and validates one job that belongs to no workflow, in YAML or
// JSON as Parse does. It has the fields of a job of a workflow file, and
// idempotency_key. Only queue is required; depends_on names jobs by their ids.
func ParseJob(filename string, data []byte, opts Options) (SingleJob, error) {
	s := SingleJob{Job: &job.Job{ID: job.NewID()}}
	err := decode(filename, data, opts, func(d *decoder, root *node) error {
		if !d.fields(root, "", singleWords, func(name string, v *node, path string) { d.singleField(&s, name, v, path) }) {
			return nil
		}
		return unplaced(workflow.ValidateJobs([]*job.Job{s.Job}))
	})
	if err != nil {
		return SingleJob{}, err
	}
	return s, nil
}

func (d *decoder) singleField(s *SingleJob, name string, v *node, path string) {
	switch name {
	case "idempotency_key":
		s.IdempotencyKey = d.text(v, path)
		if v.kind == text && s.IdempotencyKey == "" {
			d.fault(v.at, path, "leave it out if the job has none", "the idempotency key is empty")
		}
	case "depends_on":
		s.DependsOn = d.dependencies(v, path)
		for i, parent := range s.DependsOn {
			s.DependsOn[i].Parent = d.id(v.items[i], indexed(path, i), parent.Name)
		}
	default:
		d.jobField(s.Job, name, v, path)
	}
}

// id reads the id of a job outside. In place of one that cannot be read it
// makes one, so that nothing else is reported because of it.
func (d *decoder) id(n *node, path, text string) job.ID {
	id, err := job.ParseID(text)
	if err == nil && id != (job.ID{}) && strings.EqualFold(id.String(), text) {
		return id
	}
	if !d.covered(path) {
		d.fault(n.at, path, "name the jobs it waits for by the ids that their enqueue answered", "%s is not the id of a job", quote(text))
	}
	return job.NewID()
}

// unplaced takes the job's place in a list out of the report of
// workflow.ValidateJobs.
func unplaced(err error) error {
	var report *workflow.Error
	if !errors.As(err, &report) {
		return err
	}
	for i := range report.Faults {
		f := &report.Faults[i]
		f.Path = strings.TrimPrefix(strings.TrimPrefix(f.Path, "jobs[0]"), ".")
	}
	return report
}
