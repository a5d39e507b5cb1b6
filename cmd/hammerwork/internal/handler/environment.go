package handler

import (
	"os"
	"strconv"

	"github.com/hammerwork/hammerwork/sdk/worker"
)

// inherited names the worker's variables that every command gets.
var inherited = []string{"PATH", "HOME", "TMPDIR", "LANG"}

// environment returns a command's whole environment: the inherited variables
// and those of names, as far as the worker has them, and the job's own, which
// always win. Nothing else of the worker's environment is in it.
func environment(j *worker.Job, parentsFile string, names []string) []string {
	var env []string
	for _, list := range [][]string{inherited, names} {
		for _, name := range list {
			if value, ok := os.LookupEnv(name); ok {
				env = append(env, name+"="+value)
			}
		}
	}
	return append(
		env,
		"HAMMERWORK_JOB_ID="+j.ID().String(),
		"HAMMERWORK_JOB_NAME="+j.Name,
		"HAMMERWORK_WORKFLOW_ID="+workflowID(j),
		"HAMMERWORK_QUEUE="+j.Queue,
		"HAMMERWORK_ATTEMPT="+strconv.Itoa(j.Attempt),
		"HAMMERWORK_TRACEPARENT="+j.TraceParent,
		"HAMMERWORK_PARENTS_FILE="+parentsFile,
	)
}
