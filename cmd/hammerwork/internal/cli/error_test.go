package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"testing"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/engine"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/remote"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/serve"
	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

func TestEachKindOfErrorHasItsExitCode(t *testing.T) {
	for _, c := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errors.New("anything"), 1},
		{errStopped, 1},
		{&hintError{errors.New("failed"), "look"}, 1},
		{&usageError{errors.New("bad"), ""}, 2},
		{&workflow.Error{}, 2},
		{job.ErrNotFound, 3},
		{&hintError{job.ErrNotFound, "look"}, 3},
		{serve.ErrInUse, 4},
		{engine.ErrUnfinished, 4},
		{store.ErrNewerSchema, 4},
		{job.ErrWrongState, 4},
		{&fs.PathError{Op: "mkdir", Path: "/x", Err: syscall.EACCES}, 4},
		{syscall.ECONNREFUSED, 5},
		{bus.ErrNoResponders, 5},
		{context.DeadlineExceeded, 6},
		{&waitedError{"the wait ran out"}, 6},
		{&remote.Unreachable{Server: "http://h", Err: context.DeadlineExceeded}, 5},
		{&wire.Problem{Code: wire.CodeInvalidWorkflow}, 2},
		{&wire.Problem{Code: wire.CodeInvalidRequest}, 2},
		{&wire.Problem{Code: wire.CodeCycle}, 2},
		{&wire.Problem{Code: wire.CodeUnknownParent}, 2},
		{&wire.Problem{Code: wire.CodeDuplicateName}, 2},
		{&wire.Problem{Code: wire.CodeTooLarge}, 2},
		{&wire.Problem{Code: wire.CodeNotFound}, 3},
		{&rewordedError{&wire.Problem{Code: wire.CodeNotFound}, "there is no job"}, 3},
		{&wire.Problem{Code: wire.CodeConflict}, 4},
		{&wire.Problem{Code: wire.CodeWrongState}, 4},
		{&wire.Problem{Code: wire.CodePaused}, 4},
		{&wire.Problem{Code: wire.CodeUnauthorized}, 4},
		{&wire.Problem{Code: wire.CodeForbidden}, 4},
		{&wire.Problem{Code: wire.CodeSchemaTooOld}, 4},
		{&wire.Problem{Code: wire.CodeUnavailable}, 5},
		{&wire.Problem{Code: wire.CodeRateLimited}, 1},
		{&wire.Problem{Code: wire.CodeInternal}, 1},
		{&wire.Problem{Code: "of_a_later_version"}, 1},
	} {
		if got, _ := describe(c.err); got != c.want {
			t.Errorf("%v: exit code %d; want %d", c.err, got, c.want)
		}
		if c.err == nil {
			continue
		}
		if got, _ := describe(fmt.Errorf("wrapped: %w", c.err)); got != c.want {
			t.Errorf("%v, wrapped: exit code %d; want %d", c.err, got, c.want)
		}
	}
}
