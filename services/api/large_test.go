package api_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/services/api"
)

func TestALargeWorkflowIsTakenAsJSONAndNotAsYAML(t *testing.T) {
	cfg := config()
	cfg.MaxYAMLBytes = 4096
	r := start(t, cfg, nil)
	body := func(n int) string {
		return `{"name": "w", "description": "` + strings.Repeat("x", n) + `", "jobs": [{"name": "a", "queue": "q"}]}`
	}
	yaml := with("Content-Type", "application/yaml")
	r.create(body(5000))
	r.create(body(3000), yaml)
	p := r.post("/api/v1/workflows", body(5000), yaml).problem(http.StatusRequestEntityTooLarge, wire.CodeTooLarge)
	if !strings.Contains(p.Hint, "JSON") {
		t.Errorf("hint: %s", p.Hint)
	}
}

// slowEnqueue stores a workflow at the first call and does not get to say so.
type slowEnqueue struct {
	api.Store
	left *time.Duration
}

func (s slowEnqueue) EnqueueWorkflow(ctx context.Context, w *workflow.Workflow, o store.EnqueueOptions) (store.Enqueued, error) {
	done, err := s.Store.EnqueueWorkflow(ctx, w, o)
	if end, ok := ctx.Deadline(); ok && *s.left == 0 && err == nil {
		*s.left = time.Until(end)
		return store.Enqueued{}, fmt.Errorf("commit: %w", context.DeadlineExceeded)
	}
	return done, err
}

func TestAnEnqueueMayTakeLongerThanOtherRequestsAndIsSafeToRepeat(t *testing.T) {
	cfg := config()
	var left time.Duration
	r := start(t, cfg, func(s api.Store) api.Store { return slowEnqueue{s, &left} })
	const body = `{"name": "w", "jobs": [{"name": "a", "queue": "q"}]}`
	key := with("Idempotency-Key", job.NewID().String())
	r.post("/api/v1/workflows", body, key).problem(http.StatusServiceUnavailable, wire.CodeUnavailable)
	if left <= cfg.RequestTimeout || left > cfg.EnqueueTimeout {
		t.Errorf("an enqueue has %s", left)
	}
	again := into[wire.Created](r.post("/api/v1/workflows", body, key), http.StatusOK)
	if list := into[wire.List[wire.WorkflowItem]](r.get("/api/v1/workflows"), http.StatusOK); !again.Existing || len(list.Items) != 1 || list.Items[0].ID != again.ID {
		t.Errorf("%+v, listed %+v", again, list.Items)
	}
}
