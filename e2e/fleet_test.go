package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/history"
	"github.com/hammerwork/hammerwork/internal/rigtest"
)

// fleet is everything that runs on a database: NATS, services, workers, each a
// process of its own.
type fleet struct {
	t        *testing.T
	database string // URL
	natsURL  string
	server   string // of the API
	folder   string // of the history; empty: there is none
	history  *history.Recorder
	members  []*member
}

// member is a process that is started again under its name.
type member struct {
	name, role string
	ready      string // what it says when it is
	begin      func() *rigtest.Process
	p          *rigtest.Process
	lives      []*rigtest.Process // p is the last
	peak       int64              // memory, of all its lives, in bytes
	kills      []kill
}

// kill is one death of a process.
type kill struct {
	at    time.Time
	down  time.Duration // until it was started again
	ready time.Duration // from then until it said that it is ready
}

// size says how many processes of a role there are, and how many jobs a worker
// runs side by side.
type size struct{ schedulers, resolvers, dispatchers, workers, slots int }

// newFleet starts a fleet that keeps its history. flags are for every service.
func newFleet(t *testing.T, database string, n size, flags ...string) *fleet {
	t.Helper()
	root := kept(t)
	folder := filepath.Join(root, "history")
	h, err := history.Open(folder, "harness")
	if err != nil {
		t.Fatal(err)
	}
	f := &fleet{t: t, database: database, folder: folder, history: h}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
		f.keepLogs(root)
	})
	f.start(n, flags...)
	return f
}

// keepEnv names a folder that keeps what every run leaves. Without it, what
// failed runs leave is kept among the temporary files.
const keepEnv = "HAMMERWORK_E2E_KEEP"

// kept returns a folder for what a run leaves.
func kept(t *testing.T) string {
	t.Helper()
	parent := os.Getenv(keepEnv)
	dir, err := os.MkdirTemp(parent, "hammerwork-"+strings.NewReplacer("/", "-", " ", "-").Replace(t.Name())+"-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if parent == "" && !t.Failed() {
			os.RemoveAll(dir)
			return
		}
		t.Logf("the history and the logs are in %s; go run ./scripts/history %s/history", dir, dir)
	})
	return dir
}

// keepLogs writes what every process said in each of its lives.
func (f *fleet) keepLogs(dir string) {
	for _, m := range f.members {
		for i, p := range m.lives {
			path := filepath.Join(dir, fmt.Sprintf("%s.%d.log", m.name, i+1))
			if err := os.WriteFile(path, []byte(p.Output()+"\n"), 0o600); err != nil {
				f.t.Error(err)
			}
		}
	}
}

// start starts everything and waits until it is ready.
func (f *fleet) start(n size, flags ...string) {
	t := f.t
	t.Helper()
	natsPort, listen := rigtest.FreePort(t), rigtest.FreeAddress(t)
	f.natsURL, f.server = fmt.Sprintf("nats://127.0.0.1:%d", natsPort), "http://"+listen
	flags = append(flags, f.recording()...)
	f.add("nats", 1, "Server is ready", func(string) *rigtest.Process {
		_, p := rigtest.NATS(t, natsPort)
		return p
	})
	serve := func(role string, n int) {
		f.add(role, n, `"msg":"ready"`, func(string) *rigtest.Process {
			env := []string{"HAMMERWORK_DATABASE_URL=" + f.database, "HAMMERWORK_NATS_URL=" + f.natsURL, "HAMMERWORK_AUTH=none"}
			return rigtest.Start(t, env, "hammerwork", append([]string{"serve", role, "--listen", listen}, flags...)...)
		})
	}
	if strings.HasPrefix(f.database, sqliteScheme) {
		serve("all", 1)
	} else {
		serve("scheduler", n.schedulers)
		serve("resolver", n.resolvers)
		serve("dispatcher", n.dispatchers)
		serve("api", 1)
	}
	f.add("worker", n.workers, "worker connected", func(name string) *rigtest.Process {
		return rigtest.Hammerwork(t, append([]string{
			"worker", "--all-queues", "--handler", "simulate", "--name", name, "--concurrency", fmt.Sprint(n.slots), "--nats-url", f.natsURL,
		}, f.recording()...)...)
	})
	for _, m := range f.members {
		m.live()
	}
	for _, m := range f.members {
		m.p.Says(m.ready)
	}
}

// recording are the flags that make a process record what it does.
func (f *fleet) recording() []string {
	if f.folder == "" {
		return nil
	}
	return []string{"--history-dir", f.folder}
}

// add adds n members of a role, which are not started yet.
func (f *fleet) add(role string, n int, ready string, begin func(name string) *rigtest.Process) {
	for i := range n {
		name := role
		if n > 1 {
			name = fmt.Sprintf("%s-%d", role, i+1)
		}
		f.members = append(f.members, &member{name: name, role: role, ready: ready, begin: func() *rigtest.Process { return begin(name) }})
	}
}

// member returns the member of a name.
func (f *fleet) member(name string) *member {
	for _, m := range f.members {
		if m.name == name {
			return m
		}
	}
	f.t.Fatalf("there is no %s", name)
	return nil
}

// kill kills a member, starts it again after a while and returns when it is
// ready.
func (f *fleet) kill(m *member, down time.Duration) {
	f.t.Helper()
	m.look()
	f.history.Killed(m.p.PID())
	if m.role == "nats" {
		f.history.Away("nats")
	}
	at := time.Now()
	m.p.Kill()
	<-time.After(down)
	began := time.Now()
	m.live()
	m.p.Says(m.ready)
	if m.role == "nats" {
		f.history.Back("nats")
	}
	m.kills = append(m.kills, kill{at, began.Sub(at), time.Since(began)})
}

// live starts a member, again or for the first time.
func (m *member) live() {
	m.p = m.begin()
	m.p.Quiet = true // it is kept in files
	m.lives = append(m.lives, m.p)
}

// look notes how much memory a member has used so far.
func (m *member) look() { m.peak = max(m.peak, rigtest.PeakMemory(m.p.PID())) }

// stop ends everything in good order, workers first.
func (f *fleet) stop() {
	f.t.Helper()
	for i := len(f.members) - 1; i >= 0; i-- {
		m := f.members[i]
		m.look()
		select {
		case <-m.p.Ended:
			f.t.Errorf("%s ended by itself", m.name)
			continue
		default:
		}
		f.history.Stopping(m.p.PID())
		m.p.Signal(syscall.SIGTERM)
		if code := m.p.Exit(); code != 0 && m.role != "nats" {
			f.t.Errorf("%s ended with exit code %d", m.name, code)
		}
		if strings.Contains(m.p.Output(), "DATA RACE") {
			f.t.Errorf("%s has a data race:\n%s", m.name, m.p.Output())
		}
	}
}
