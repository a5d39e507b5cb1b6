package agent_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hammerwork/hammerwork/internal/agent"
	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// Whatever is delivered, repeated, lost, revoked and stopped: a pool never runs
// more than its slots, an attempt never starts twice, every outcome of a held
// job gets its verdict, and the worker comes to rest after a stop.
func TestAWorkerKeepsItsLimitsAndItsPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pools := []agent.Pool{{Slots: rapid.IntRange(1, 5).Draw(t, "slots")}}
		if rapid.Bool().Draw(t, "two pools") {
			pools = append(pools, agent.Pool{Queue: "q", Slots: rapid.IntRange(1, 3).Draw(t, "slots")})
		}
		r := newRig(t, pools...)
		running := make([]int, len(pools))
		handlers := map[agent.Key]int{} // running, by pool
		var order []agent.Key           // of handlers
		started := map[agent.Key]bool{}
		lost := map[agent.Key]bool{}
		verdicts := map[agent.Key]int{}
		var deliveries [][]byte
		jobs := 0

		settle := func() {
			for _, s := range r.starts {
				if started[s.Key] {
					t.Fatalf("%v started twice", s.Key)
				}
				started[s.Key] = true
				handlers[s.Key] = s.Pool
				order = append(order, s.Key)
				if running[s.Pool]++; running[s.Pool] > pools[s.Pool].Slots {
					t.Fatalf("pool %d runs %d", s.Pool, running[s.Pool])
				}
			}
			for _, s := range r.stops {
				if s.Cause == agent.ErrLost {
					lost[s.Key] = true
				}
			}
			r.starts, r.stops = nil, nil
		}
		end := func(key agent.Key) {
			pool := handlers[key]
			delete(handlers, key)
			o := job.Outcome{Fence: job.Fence{Job: key.Job, Lease: key.Lease}, Kind: job.KindCompleted, Result: []byte("1")}
			r.step(agent.Finished{Key: key, Outcome: o})
			running[pool]--
			r.step(agent.Returned{Pool: pool})
			settle()
		}
		answerReport := func(v job.Verdict) {
			for _, o := range r.report().Outcomes {
				if v != job.Retry && !(v == job.Rejected && o.Kind == job.KindCompleted) {
					verdicts[agent.Key{Lease: o.Lease, Job: o.Job}]++
				}
			}
			r.answer(v)
		}
		answerBeat := func() {
			reply := fine
			for _, l := range r.beat() {
				switch rapid.IntRange(0, 9).Draw(t, "fate of a lease") {
				case 0:
					reply.Lost = append(reply.Lost, l)
				case 1:
					for _, key := range order {
						if key.Lease == l {
							reply.Revoked = append(reply.Revoked, bus.LeaseJob{Lease: l, Job: key.Job})
							break
						}
					}
				}
			}
			r.beaten(reply)
		}
		t.Repeat(map[string]func(*rapid.T){
			"deliver": func(t *rapid.T) {
				p := r.pulls[rapid.IntRange(max(0, len(r.pulls)-4), len(r.pulls)-1).Draw(t, "pull")]
				d := bus.Deliver{Pull: p.ID, Lease: number(1<<20 + len(deliveries)), TTL: 5 * time.Second}
				for range rapid.IntRange(1, 4).Draw(t, "jobs") {
					jobs++
					d.Jobs = append(d.Jobs, bus.Job{Job: number(jobs), Queue: rapid.SampledFrom([]string{"q", "other"}).Draw(t, "queue")})
				}
				data := encode(t, d)
				deliveries = append(deliveries, data)
				r.hear(bus.DeliverSubject("w"), data)
			},
			"repeat": func(t *rapid.T) {
				if len(deliveries) > 0 {
					r.hear(bus.DeliverSubject("w"), rapid.SampledFrom(deliveries).Draw(t, "delivery"))
				}
			},
			"end": func(t *rapid.T) {
				for _, key := range order {
					if _, open := handlers[key]; open && rapid.Bool().Draw(t, "this one") {
						end(key)
						return
					}
				}
			},
			"report": func(t *rapid.T) {
				if len(r.asks) == 0 {
					return
				}
				switch v := rapid.SampledFrom([]job.Verdict{job.Committed, job.Stale, job.Rejected, job.Retry, "lost"}).Draw(t, "verdict"); v {
				case "lost":
					r.loseReport()
				default:
					answerReport(v)
				}
			},
			"beat": func(t *rapid.T) {
				if len(r.beats) == 0 {
					return
				}
				if rapid.Bool().Draw(t, "lost") {
					r.loseBeat()
				} else {
					answerBeat()
				}
			},
			"pass": func(t *rapid.T) {
				r.pass(time.Duration(rapid.IntRange(1, 3000).Draw(t, "ms")) * time.Millisecond)
			},
			"": func(*rapid.T) { settle() },
		})
		r.step(service.Stop{})
		settle()
		for range 200 {
			for _, key := range order {
				if _, open := handlers[key]; open {
					end(key)
				}
			}
			if len(r.asks) > 0 {
				answerReport(job.Committed)
			}
			if r.m.Idle() {
				break
			}
			r.pass(100 * time.Millisecond)
		}
		if !r.m.Idle() {
			t.Fatal("it does not come to rest")
		}
		for key := range started {
			if verdicts[key] != 1 && !(lost[key] && verdicts[key] == 0) {
				t.Fatalf("%v has %d verdicts", key, verdicts[key])
			}
		}
		equalInts(t, "running", running, make([]int, len(pools)))
	})
}

func equalInts(t *rapid.T, what string, got, want []int) {
	t.Helper()
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("%s: %v, want %v", what, got, want)
		}
	}
}
