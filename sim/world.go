package sim

import (
	"container/heap"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/hammerwork/hammerwork/internal/history"
	"github.com/hammerwork/hammerwork/internal/history/check"
	"github.com/hammerwork/hammerwork/internal/history/watch"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// Bounds of a run. A run that needs more has lost its way.
const (
	maxSteps   = 400_000
	maxVirtual = 30 * time.Minute
)

// epoch is when every run begins.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// World is one run.
type World struct {
	Seed   uint64
	rng    *rand.Rand
	now    time.Time
	queue  queue
	seq    uint64
	steps  int
	store  *faultyStore
	faults Faults
	until  time.Time // faults happen before
	log    *slog.Logger

	processes []*process
	requests  map[string]*request
	inboxes   int
	work      *workload
	check     *checker
	history   *history.Memory
	harness   *history.Recorder // what happens to processes
	judged    check.Report      // of the whole history, at the end
	acts      map[string]int    // that are stored at the end

	trace  hash.Hash
	lines  []string // what the hash is of
	failed error
}

// Report is how a run went.
type Report struct {
	Seed     uint64
	Hash     string // of the trace: equal for equal seeds
	Steps    int
	Virtual  time.Duration
	Jobs     int
	Records  int // of the history
	Starts   int // of handlers
	Reruns   map[check.Cause]int
	Acts     map[string]int // of users
	Crashes  int
	Messages int
	Lost     int
	Trace    []string // a line for each step
}

// add adds up the figures of two reports.
func (r *Report) add(o Report) {
	r.Steps += o.Steps
	r.Virtual += o.Virtual
	r.Jobs += o.Jobs
	r.Records += o.Records
	if r.Reruns == nil {
		r.Reruns, r.Acts = map[check.Cause]int{}, map[string]int{}
	}
	for act, n := range o.Acts {
		r.Acts[act] += n
	}
	for cause, n := range o.Reruns {
		r.Reruns[cause] += n
	}
	r.Starts += o.Starts
	r.Crashes += o.Crashes
	r.Messages += o.Messages
	r.Lost += o.Lost
}

// Database is the store that runs share, one after the other, and a clock that
// follows the run.
type Database struct {
	Store   store.Store
	sql     *sql.DB // the checker's own
	dialect dialect
	world   *World
}

// Now is the virtual time of the current run.
func (d *Database) Now() time.Time {
	if d.world == nil {
		return epoch
	}
	return d.world.now
}

// Random is the current run's randomness.
func (d *Database) Random() float64 {
	if d.world == nil {
		return 0
	}
	return d.world.rng.Float64()
}

// Run runs one seed. The error says which invariant broke. Of a run once again,
// only the end is looked at: the trace says whether it is the same.
func Run(ctx context.Context, db *Database, seed uint64, again bool) (Report, error) {
	w := &World{
		Seed: seed, rng: rand.New(rand.NewPCG(seed, seed^0x9e3779b97f4a7c15)), now: epoch,
		requests: map[string]*request{}, trace: sha256.New(), log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	db.world = w
	w.faults = randomFaults(w.rng)
	w.until = w.now.Add(w.between(30*time.Second, 2*time.Minute))
	w.history = history.NewMemory(db.Now)
	w.harness = w.history.Recorder("harness")
	w.store = &faultyStore{Store: db.Store, w: w}
	var err error
	if w.check, err = newChecker(ctx, db, w); err != nil {
		return Report{}, err
	}
	defer w.check.close()
	w.check.onlyEnd = again
	w.work = newWorkload(w)
	w.start()
	err = w.run(ctx)
	return w.report(), err
}

func (w *World) report() Report {
	r := Report{
		Seed: w.Seed, Hash: hex.EncodeToString(w.trace.Sum(nil)), Steps: w.steps, Virtual: w.now.Sub(epoch),
		Jobs: len(w.work.plans), Records: w.judged.Records, Reruns: w.judged.Reruns, Acts: w.acts, Starts: w.judged.Starts, Messages: w.faults.sent, Lost: w.faults.lost, Trace: w.lines,
	}
	for _, p := range w.processes {
		r.Crashes += p.crashes
	}
	return r
}

// run takes the earliest step again and again, until everything has ended.
func (w *World) run(ctx context.Context) error {
	for len(w.queue) > 0 {
		it := heap.Pop(&w.queue).(item)
		w.now = it.at
		w.steps++
		w.record(it.what)
		it.run()
		if w.failed == nil {
			w.failed = w.check.afterStep(ctx)
		}
		switch {
		case w.failed != nil:
			return fmt.Errorf("seed %d, step %d, %s: %w", w.Seed, w.steps, w.now.Sub(epoch), w.failed)
		case w.steps > maxSteps || w.now.Sub(epoch) > maxVirtual:
			return fmt.Errorf("seed %d: not everything has ended after %d steps and %s: %s", w.Seed, w.steps, w.now.Sub(epoch), w.check.unfinished(ctx))
		case w.steps%64 == 0 && !w.faulty() && w.work.submitted() && w.check.allEnded(ctx):
			if err := w.check.atEnd(ctx); err != nil {
				return err
			}
			return w.judge(ctx)
		}
	}
	return errors.New("nothing is left to do")
}

// judge has the history checked, with what the database holds at the end.
// Without faults only what handlers and users did makes a job run again.
func (w *World) judge(ctx context.Context) error {
	final, err := watch.Final(ctx, w.store.Store, w.now)
	if err != nil {
		return err
	}
	w.acts = map[string]int{}
	for _, x := range final.Workflows {
		for _, a := range x.Acts {
			w.acts[a.Action]++
		}
	}
	w.judged = check.History(w.history.History(), final)
	if err := w.judged.Err(); err != nil {
		return err
	}
	for _, r := range w.judged.Explained {
		if w.faults.none() && r.Cause != check.Failed && r.Cause != check.TimedOut && r.Cause != check.Retried {
			return fmt.Errorf("broken: without faults %s started again: %s, %s", r.Name, r.Cause, r.Because)
		}
	}
	return nil
}

func (w *World) record(what string) {
	line := fmt.Sprintf("%12s %s", w.now.Sub(epoch), what)
	io.WriteString(w.trace, line+"\n")
	w.lines = append(w.lines, line)
}

// fail ends the run with a broken invariant.
func (w *World) fail(format string, args ...any) {
	if w.failed == nil {
		w.failed = fmt.Errorf(format, args...)
	}
}

// after schedules a step.
func (w *World) after(d time.Duration, what string, run func()) {
	w.seq++
	heap.Push(&w.queue, item{w.now.Add(d), w.seq, what, run})
}

// faulty reports whether faults still happen.
func (w *World) faulty() bool { return w.now.Before(w.until) }

// chance is true with probability p while faults happen.
func (w *World) chance(p float64) bool { return w.faulty() && p > 0 && w.rng.Float64() < p }

// between returns a time in [lo, hi).
func (w *World) between(lo, hi time.Duration) time.Duration {
	return lo + time.Duration(w.rng.Int64N(int64(hi-lo)))
}

// id returns a fresh random id.
func (w *World) id() job.ID {
	var id job.ID
	for i := 0; i < len(id); i += 8 {
		v := w.rng.Uint64()
		for k := range 8 {
			id[i+k] = byte(v >> (8 * k))
		}
	}
	return id
}

// item is a step to come.
type item struct {
	at   time.Time
	seq  uint64
	what string
	run  func()
}

// queue orders items by time, then by the order in which they were made.
type queue []item

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	if q[i].at.Equal(q[j].at) {
		return q[i].seq < q[j].seq
	}
	return q[i].at.Before(q[j].at)
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(item)) }
func (q *queue) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}
