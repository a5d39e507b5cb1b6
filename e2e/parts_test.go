package e2e

import (
	"context"
	"fmt"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// parts are rows of gates, which somebody answers, batches, maps and workflows
// within this one.
func (g *generator) parts(jobs int) {
	small := func(n int) payload {
		return payload{SleepMS: g.IntN(int(2*g.mean.Milliseconds()) + 1), Result: map[string]int{"n": n}}
	}
	g.rows(jobs, 7, func(top *planned) *planned {
		signal, timer, batch, over, sub := g.add(top), g.add(top), g.add(), g.add(), g.add()
		signal.Gate = map[string]any{"type": "signal"}
		timer.Gate = map[string]any{"type": "timer", "wait": fmt.Sprintf("%dms", 1+g.IntN(1500))}
		batch.DependsOn = []need{{Job: signal.Name}}
		batch.Batch = map[string]any{"payloads": []any{small(0), small(1), small(2)}, "mode": workflow.CollectErrors}
		over.DependsOn = []need{{Job: signal.Name}}
		over.Map = map[string]any{"over": fmt.Sprintf("deps[%q].result.list", signal.Name), "max_parallel": 2}
		sub.DependsOn = []need{{Job: timer.Name}}
		sub.Workflow = map[string]any{"jobs": []any{
			map[string]any{"name": "a", "queue": "load", "payload": small(3)},
			map[string]any{"name": "b", "queue": "mail", "payload": small(4), "depends_on": []string{"a"}},
			map[string]any{"name": "many", "queue": "load", "batch": map[string]any{"payloads": []any{small(5), small(6)}}},
		}}
		end := g.add(batch, over, sub)
		end.Condition = fmt.Sprintf("size(deps[%q].result) == 5 && deps[%q].result.b.n == 4 && deps[%q].result.completed == 3", over.Name, sub.Name, batch.Name)
		return g.add(end)
	})
	g.steer = (*driver).answerAll
}

// answerAll answers the gates of a workflow as they open, until it has ended.
func (d *driver) answerAll(ctx context.Context, _ *plan, id job.ID) error {
	for {
		w, err := d.store.Workflow(ctx, id)
		if err == nil && w.Status.Terminal() {
			return nil
		}
		jobs, err := d.jobs(ctx, id)
		for _, j := range jobs {
			if err == nil && j.Status == job.Suspended && j.Gate != nil && j.Gate.Type == job.GateSignal {
				a := store.Answer{Job: j.ID, Type: job.GateSignal, Payload: []byte(`{"list":["a","b","c","d","e"]}`)}
				_, _ = d.store.AnswerGate(ctx, a, store.Actor{Name: "harness"}) // what is lost is answered with the next look
			}
		}
		if err := wait(ctx, look); err != nil {
			return err
		}
	}
}
