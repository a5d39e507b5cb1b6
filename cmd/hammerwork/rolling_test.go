package main

import (
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/rigtest"
	"github.com/hammerwork/hammerwork/internal/store/postgres/pgtest"
)

// Two of each service and three workers, all of which are replaced one by one
// while they are busy, as a deployment does.
func TestARollingRestartOfEverythingUnderLoadCostsNoJobAnotherRunAndNoClientAnError(t *testing.T) {
	t.Parallel()
	natsURL, _ := rigtest.NATS(t, 0)
	database := pgtest.Fresh(t)
	env := []string{"HAMMERWORK_DATABASE_URL=" + database, "HAMMERWORK_NATS_URL=" + natsURL, "HAMMERWORK_AUTH=none"}
	servers := []string{rigtest.FreeAddress(t), rigtest.FreeAddress(t)}
	var starts []func() *rigtest.Process
	service := func(args ...string) {
		starts = append(starts, func() *rigtest.Process {
			p := rigtest.Start(t, env, "hammerwork", append([]string{"serve"}, args...)...)
			p.Says(`"msg":"ready"`)
			return p
		})
	}
	for i := range 2 {
		service("scheduler")
		service("resolver")
		service("dispatcher")
		service("api", "--listen", servers[i])
	}
	for range 3 {
		starts = append(starts, func() *rigtest.Process {
			p := rigtest.Start(t, env, "hammerwork", "worker", "--all-queues", "--handler", "simulate", "--concurrency", "8")
			p.Says("worker connected")
			return p
		})
	}
	// In the wrong order: workers before what they need.
	running := make([]*rigtest.Process, len(starts))
	for i := len(starts) - 1; i >= 0; i-- {
		running[i] = starts[i]()
	}

	path := file(t, shape("rolling", 30*time.Millisecond, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 1))
	var ids []string
	enqueue := func(key string) {
		// A client that is told to retry, or not answered, asks the other server.
		n := 0
		again(t, func() bool {
			n++
			out, ok := try("workflow", "create", "--file", path, "--idempotency-key", key, "--server", "http://"+servers[n%2], "-o", "json")
			if ok {
				var created struct{ ID string }
				decode(t, out, &created)
				ids = append(ids, created.ID)
			}
			return ok
		})
	}
	enqueue("first")
	for i, p := range running {
		enqueue("before " + p.Name + " " + string(rune('a'+i)))
		if code := p.Stop(); code != 0 {
			t.Errorf("%s ended with exit code %d", p.Name, code)
		}
		running[i] = starts[i]()
	}
	for _, id := range ids {
		checkOrder(t, wait(t, "http://"+servers[0], id), 81)
	}
	for _, p := range running {
		if strings.Contains(p.Output(), `"level":"ERROR"`) {
			t.Errorf("%s logged an error:\n%s", p.Name, p.Output())
		}
	}
}
