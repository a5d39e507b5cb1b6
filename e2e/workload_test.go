package e2e

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// queues are those that the jobs of a workload are in.
var queues = []string{"extract", "transform", "load", "mail"}

// patient lets a job lose more attempts than there are kills, and comes back
// soon.
var patient = job.RetryPolicy{MaxAttempts: 20, InitialDelay: job.Duration(200 * time.Millisecond), MaxDelay: job.Duration(time.Second)}

// hopeless lets a job fail for good at its second attempt.
var hopeless = job.RetryPolicy{MaxAttempts: 2, InitialDelay: job.Duration(200 * time.Millisecond), Strategy: job.Fixed}

// kind is a kind of plan. weight is its share of the jobs.
type kind struct {
	name   string
	weight int
	make   func(g *generator, jobs int)
}

// mixed are the plans of a workload with all there is, in the order in which
// they are enqueued.
var mixed = []kind{
	{"chain", 2, (*generator).chain},
	{"fan", 8, (*generator).fan},
	{"branches", 8, (*generator).branches},
	{"flaky", 8, (*generator).flaky},
	{"cancel", 8, (*generator).cancelled},
	{"mosaic", 10, (*generator).mosaic},
	{"manual", 8, (*generator).manual},
	{"diamonds", 3, (*generator).diamonds},
	{"continue", 8, (*generator).goesOn},
	{"across", 8, (*generator).acrossLayers},
	{"parts", 8, (*generator).parts},
	{"retried", 8, (*generator).retried},
	{"races", 8, (*generator).races},
	{"delays", 5, (*generator).delays},
	{"fail fast", 8, (*generator).failsFast},
	{"priorities", 8, (*generator).priorities},
	{"across", 3, (*generator).acrossDiamonds},
	{"rescue", 8, (*generator).rescue},
	{"spawning", 8, (*generator).spawning},
	{"spawned again", 5, (*generator).spawnedAgain},
	{"paused", 10, (*generator).paused},
	{"layers", 12, (*generator).layers},
	{"fan", 8, (*generator).fan},
}

// calm are plans in which nothing fails.
var calm = []kind{
	{"layers", 10, (*generator).layers},
	{"mosaic", 10, (*generator).mosaic},
	{"chain", 1, (*generator).chain},
	{"fan", 10, (*generator).fan},
	{"across", 4, (*generator).acrossLayers},
}

// workload makes plans with a number of jobs together. Jobs take between 0 and
// twice as long as mean; one in sixteen takes up to three seconds, so that a
// heartbeat comes before its end.
func workload(random *rand.Rand, kinds []kind, jobs int, mean time.Duration) []*plan {
	weights := 0
	for _, k := range kinds {
		weights += k.weight
	}
	var plans []*plan
	left := jobs
	for i, k := range kinds {
		n := max(jobs*k.weight/weights, 12)
		if i == len(kinds)-1 {
			n = left
		}
		g := &generator{Rand: random, mean: mean, before: plans, plan: &plan{
			Name: fmt.Sprintf("%02d-%s", i+1, k.name), Retry: &patient, kind: k.name, ends: workflow.Completed, twice: i%4 == 1,
		}}
		k.make(g, n)
		plans = append(plans, g.plan)
		left -= len(g.plan.all())
	}
	return plans
}

// generator makes one plan.
type generator struct {
	*rand.Rand
	*plan
	mean   time.Duration
	before []*plan
}

// add adds a job that waits for parents.
func (g *generator) add(parents ...*planned) *planned {
	n := len(g.Jobs)
	takes := g.IntN(int(2*g.mean.Milliseconds()) + 1)
	if g.mean > 0 && g.IntN(16) == 0 {
		takes = 1500 + g.IntN(1500)
	}
	j := &planned{number: n, Name: fmt.Sprintf("j.%d", n), Queue: queues[g.IntN(len(queues))], Payload: payload{SleepMS: takes, Result: map[string]int{"n": n}}}
	for _, p := range parents {
		j.DependsOn = append(j.DependsOn, need{Job: p.Name})
	}
	g.Jobs = append(g.Jobs, j)
	return j
}

// some returns between 1 and n different ones of a list.
func (g *generator) some(n int, of []*planned) []*planned {
	var list []*planned
	for _, i := range g.Perm(len(of))[:min(1+g.IntN(n), len(of))] {
		list = append(list, of[i])
	}
	return list
}

func (g *generator) chain(jobs int) {
	last := g.add()
	for len(g.Jobs) < jobs {
		last = g.add(last)
	}
}

// fan is one job, many that wait for it, and one that waits for all of those.
func (g *generator) fan(jobs int) {
	first := g.add()
	var all []*planned
	for len(g.Jobs) < jobs-1 {
		all = append(all, g.add(first))
	}
	g.add(all...)
}

func (g *generator) diamonds(jobs int) {
	top := g.add()
	for len(g.Jobs)+3 <= jobs {
		top = g.add(g.add(top), g.add(top))
	}
	for len(g.Jobs) < jobs {
		top = g.add(top)
	}
}

// layers is a random graph: a job waits for up to three of the layer before.
func (g *generator) layers(jobs int) {
	var before []*planned
	for len(g.Jobs) < jobs {
		var layer []*planned
		for range min(1+g.IntN(max(jobs/5, 2)), jobs-len(g.Jobs)) {
			if before == nil {
				layer = append(layer, g.add())
			} else {
				layer = append(layer, g.add(g.some(3, before)...))
			}
		}
		before = layer
	}
}

// mosaic has the shape of an image assembled from overlapping pictures: each is
// projected, pairs of neighbours are compared, one model is made of all that,
// each is corrected by it, one picture is made.
func (g *generator) mosaic(jobs int) {
	pictures := (jobs - 3) / 4
	var projected, compared, corrected []*planned
	for range pictures {
		projected = append(projected, g.add())
	}
	for len(g.Jobs) < jobs-pictures-2 {
		i := g.IntN(pictures)
		neighbours := []*planned{projected[i]}
		if n := (i + 1) % pictures; n != i {
			neighbours = append(neighbours, projected[n])
		}
		compared = append(compared, g.add(neighbours...))
	}
	model := g.add(compared...)
	for _, p := range projected {
		corrected = append(corrected, g.add(model, p))
	}
	g.add(corrected...)
}

// flaky is layers of jobs of which many fail at first.
func (g *generator) flaky(jobs int) {
	g.layers(jobs)
	for _, j := range g.Jobs {
		j.Payload.FailTimes = max(g.IntN(5)-2, 0)
	}
}

func (g *generator) delays(jobs int) {
	g.layers(jobs)
	for _, j := range g.Jobs {
		if g.IntN(3) == 0 {
			j.Delay = fmt.Sprintf("%dms", 1+g.IntN(5000))
		}
	}
}

func (g *generator) priorities(jobs int) {
	g.fan(jobs)
	for _, j := range g.Jobs {
		j.Priority = job.Priority(g.IntN(5)).String()
	}
}

// cancelled is cancelled while it runs; one of its jobs runs until then.
func (g *generator) cancelled(jobs int) {
	g.layers(jobs - 1)
	g.add().Payload.SleepMS = 600_000
	for _, j := range g.Jobs {
		j.ends = []job.Status{job.Completed, job.Cancelled}
	}
	g.Jobs[len(g.Jobs)-1].ends = []job.Status{job.Cancelled}
	g.cancel, g.ends = true, workflow.Cancelled
}

// goesOn continues when some of its jobs fail for good.
func (g *generator) goesOn(jobs int) {
	g.layers(jobs)
	g.FailurePolicy, g.ends = string(workflow.ContinueOnFailure), workflow.Failed
	for i := range 3 {
		g.spoil(g.Jobs[g.IntN(len(g.Jobs))], i == 0)
	}
	for _, j := range g.descendants() {
		j.ends = []job.Status{job.UpstreamFailed}
	}
}

// failsFast ends when one of its jobs fails for good: what depends on it fails,
// what it waited for has completed, and of the rest what ran may end by itself,
// though an attempt that is lost is not made up for.
func (g *generator) failsFast(jobs int) {
	g.layers(jobs)
	g.FailurePolicy, g.ends = string(workflow.FailFast), workflow.Failed
	for _, j := range g.Jobs {
		j.ends = []job.Status{job.Completed, job.Cancelled, job.Dead}
	}
	bad := g.Jobs[len(g.Jobs)/3]
	for _, j := range g.ancestors(bad) {
		j.ends = nil
	}
	g.spoil(bad, false)
	for _, j := range g.descendants() {
		j.ends = []job.Status{job.UpstreamFailed}
	}
}

// spoil makes a job fail for good, or run out of time.
func (g *generator) spoil(j *planned, late bool) {
	j.Retry, j.Payload.FailTimes, j.ends = &hopeless, 1000, []job.Status{job.Dead}
	if late {
		j.Timeout, j.Payload.SleepMS, j.ends = "300ms", 60_000, []job.Status{job.TimedOut, job.Dead}
	}
}

// bad tells whether a job has no hope.
func (j *planned) bad() bool { return j.Retry == &hopeless }

// descendants returns the jobs that wait for a bad one, however far away.
func (g *generator) descendants() []*planned {
	doomed := map[string]bool{}
	var list []*planned
	for _, j := range g.Jobs { // parents come before children
		below := false
		for _, parent := range j.DependsOn {
			below = below || doomed[parent.Job]
		}
		if doomed[j.Name] = below || j.bad(); below {
			list = append(list, j)
		}
	}
	return list
}

// ancestors returns the jobs that a job waits for, however far away.
func (g *generator) ancestors(of *planned) []*planned {
	needed := map[string]bool{of.Name: true}
	var list []*planned
	for i := len(g.Jobs) - 1; i >= 0; i-- {
		j := g.Jobs[i]
		if !needed[j.Name] {
			continue
		}
		if j != of {
			list = append(list, j)
		}
		for _, parent := range j.DependsOn {
			needed[parent.Job] = true
		}
	}
	return list
}

func (g *generator) acrossLayers(jobs int) {
	g.layers(jobs)
	g.wait(jobs / 4)
}

func (g *generator) acrossDiamonds(jobs int) {
	g.diamonds(jobs)
	g.wait(3)
}

// wait makes jobs wait for jobs of workflows that complete.
func (g *generator) wait(n int) {
	type pair struct{ child, plan, parent int }
	seen := map[pair]bool{}
	for range n {
		p := pair{child: g.IntN(len(g.Jobs)), plan: g.IntN(len(g.before))}
		before := g.before[p.plan]
		if before.ends != workflow.Completed || before.steer != nil {
			continue
		}
		p.parent = g.IntN(len(before.Jobs))
		if parent := before.Jobs[p.parent]; !seen[p] && parent.ends == nil && !parent.Finally {
			seen[p] = true
			g.across = append(g.across, across(p))
		}
	}
}
