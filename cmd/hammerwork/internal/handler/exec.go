package handler

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/sdk/worker"
)

// DefaultGrace is how long a command that was told to stop may take.
const DefaultGrace = 5 * time.Second

// maxStderr is how many bytes of a failed command's stderr its error keeps. It
// is below job.MaxError so that the exit code before them is kept, too.
const maxStderr = 6 << 10

// ExecConfig configures Exec. The zero value is ready to use.
type ExecConfig struct {
	Dir   string        // where commands run; default: the worker's current directory
	Env   []string      // names of the worker's variables that commands get, too
	Grace time.Duration // from SIGTERM to SIGKILL; default DefaultGrace
}

// Exec returns a handler that runs payload.command, a list of the program and
// its arguments, without a shell. The command reads the job as JSON on stdin
// and finds its parents' results in the file that HAMMERWORK_PARENTS_FILE
// names. What it writes to stdout is the result: as it is when it is JSON, else
// as {"stdout": "…"}. An exit code other than 0 is an error with the end of
// stderr. A command that cannot be started, or that writes more than
// job.MaxResult bytes, fails for good.
//
// When ctx ends the command and all it started get SIGTERM, after the grace
// SIGKILL, and the attempt is an error whatever the exit code. What a command
// leaves running when it exits is killed, after at most the grace if it still
// holds stdout or stderr.
func Exec(cfg ExecConfig) worker.Handler {
	if cfg.Grace <= 0 {
		cfg.Grace = DefaultGrace
	}
	return func(ctx context.Context, j *worker.Job) (any, error) {
		return cfg.run(ctx, j, j.ParentResults(ctx))
	}
}

func (c ExecConfig) run(ctx context.Context, j *worker.Job, parents iter.Seq2[worker.Parent, error]) (any, error) {
	argv, err := commandOf(j.Payload)
	if err != nil {
		return nil, worker.Permanent(err)
	}
	input, err := jobJSON(j)
	if err != nil {
		return nil, fmt.Errorf("job as JSON: %w", err)
	}
	dir, err := os.MkdirTemp("", "hammerwork-job-")
	if err != nil {
		return nil, fmt.Errorf("directory of the job: %w", err)
	}
	defer os.RemoveAll(dir)
	parentsFile := filepath.Join(dir, "parents.json")
	if err := saveParents(parentsFile, parents); err != nil {
		return nil, fmt.Errorf("file of parents' results: %w", err)
	}

	ctx, stop := context.WithCancel(ctx)
	defer stop()
	stdout := &head{max: job.MaxResult, full: stop}
	stderr := &tail{max: maxStderr}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir = c.Dir
	cmd.Env = environment(j, parentsFile, c.Env)
	cmd.Stdin = bytes.NewReader(input)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	cmd.WaitDelay = c.Grace
	ownGroup(cmd)
	if err := cmd.Start(); err != nil {
		return nil, startError(ctx, argv[0], err)
	}
	err = cmd.Wait()
	killGroup(cmd)
	switch {
	case stdout.over:
		return nil, worker.ErrResultTooLarge
	case err == nil, errors.Is(err, exec.ErrWaitDelay) && ctx.Err() == nil:
		return resultOf(stdout.kept.Bytes(), "stdout")
	case ctx.Err() != nil:
		return nil, fmt.Errorf("command %s was stopped: %w", argv[0], context.Cause(ctx))
	}
	return nil, exitError(argv[0], cmd.ProcessState, err, stderr.String())
}

// startError explains why a command could not be started. It is permanent
// unless the machine was only short of something.
func startError(ctx context.Context, name string, err error) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("command %s was not started: %w", name, context.Cause(ctx))
	case errors.Is(err, exec.ErrNotFound):
		return worker.Permanent(fmt.Errorf("command %s not found in PATH; install it where the worker runs, or write its path", name))
	case errors.Is(err, fs.ErrNotExist):
		return worker.Permanent(fmt.Errorf("command not found: %w; the path counts from the worker's directory, and a script's interpreter must exist, too", err))
	case errors.Is(err, fs.ErrPermission):
		return worker.Permanent(fmt.Errorf("command is not executable: %w; see chmod +x", err))
	case errors.Is(err, syscall.ENOEXEC):
		return worker.Permanent(fmt.Errorf("command is not a program: %w; a script starts with a line like #!/bin/sh", err))
	case errors.Is(err, exec.ErrDot), errors.Is(err, syscall.E2BIG):
		return worker.Permanent(fmt.Errorf("start command: %w", err))
	}
	return fmt.Errorf("start command: %w", err)
}

// exitError describes a command that ended by itself but not well.
func exitError(name string, state *os.ProcessState, err error, stderr string) error {
	how := err.Error()
	if code := state.ExitCode(); code > 0 {
		how = fmt.Sprintf("exit code %d", code)
	}
	if stderr == "" {
		return fmt.Errorf("command %s: %s", name, how)
	}
	return fmt.Errorf("command %s: %s: %s", name, how, stderr)
}
