package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/bus/natsbus"
	"github.com/hammerwork/hammerwork/internal/bus/natsserver"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/sqlite"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/services/api"
)

var rewrite = flag.Bool("rewrite", false, "write docs/openapi.json anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is an API that listens, on a SQLite file and a NATS server of its own.
type rig struct {
	t      testing.TB
	url    string
	store  *sqlite.Store
	bus    bus.Bus
	client *http.Client
	log    *logs
	counts *prometheus.Registry
	stop   context.CancelFunc
	ended  chan error
}

// logs is what the API logs.
type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// config is that of tests: no token, any free port.
func config() api.Config {
	cfg := api.DefaultConfig()
	cfg.Listen, cfg.Auth, cfg.Version, cfg.Database = "127.0.0.1:0", api.AuthNone, "1.2.3", "sqlite"
	return cfg
}

// start runs an API. wrap, if not nil, stands between it and its store.
func start(t testing.TB, cfg api.Config, wrap func(api.Store) api.Store) *rig {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	r := &rig{t: t, log: &logs{}, counts: prometheus.NewRegistry(), ended: make(chan error, 1)}
	var err error
	r.store, err = sqlite.OpenVolatile(t.Context(), filepath.Join(t.TempDir(), "hammerwork.db"), store.Options{})
	must(err)
	t.Cleanup(func() { r.store.Close() })
	server, err := natsserver.Start(natsserver.Options{Log: slog.New(slog.DiscardHandler)})
	must(err)
	t.Cleanup(server.Shutdown)
	connection, err := natsbus.Connect(t.Context(), natsbus.Config{InProcess: server, Name: "api"}, slog.New(slog.DiscardHandler))
	must(err)
	t.Cleanup(func() { connection.Close() })
	r.bus = connection
	var s api.Store = r.store
	if wrap != nil {
		s = wrap(s)
	}
	log := slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	a, err := api.New(cfg, s, r.bus, log, api.NewMetrics(r.counts))
	must(err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	r.stop = cancel
	go func() { r.ended <- a.Run(ctx) }()
	address, err := a.Addr(t.Context())
	must(err)
	r.url = "http://" + address
	transport := &http.Transport{MaxIdleConnsPerHost: 20}
	r.client = &http.Client{Transport: transport, Timeout: time.Minute}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := r.end(); err != nil {
			t.Errorf("run: %v", err)
		}
	})
	return r
}

// end stops the API and returns its error.
func (r *rig) end() error {
	r.stop()
	err := <-r.ended
	r.ended <- nil
	return err
}

// answer is what the API said.
type answer struct {
	t      testing.TB
	what   string
	status int
	header http.Header
	body   []byte
}

// change changes a request before it is sent.
type change func(*http.Request)

func with(name, value string) change { return func(r *http.Request) { r.Header.Set(name, value) } }

func (r *rig) do(method, path, body string, changes ...change) *answer {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), method, r.url+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for _, c := range changes {
		c(request)
	}
	return r.send(request)
}

func (r *rig) send(request *http.Request) *answer {
	r.t.Helper()
	response, err := r.client.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return &answer{r.t, request.Method + " " + request.URL.RequestURI(), response.StatusCode, response.Header, data}
}

func (r *rig) get(path string, changes ...change) *answer {
	r.t.Helper()
	return r.do(http.MethodGet, path, "", changes...)
}

func (r *rig) post(path, body string, changes ...change) *answer {
	r.t.Helper()
	return r.do(http.MethodPost, path, body, changes...)
}

func (r *rig) put(path, body string, changes ...change) *answer {
	r.t.Helper()
	return r.do(http.MethodPut, path, body, changes...)
}

// upload is a request whose body is sent bit by bit.
type upload struct {
	t    testing.TB
	body *io.PipeWriter
	done chan *answer
}

// upload begins a request. Whatever happens to it, finish returns.
func (r *rig) upload(path string) *upload {
	r.t.Helper()
	body, send := io.Pipe()
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.url+path, body)
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	u := &upload{r.t, send, make(chan *answer, 1)}
	go func() {
		defer close(u.done)
		defer body.Close()
		response, err := r.client.Do(request)
		if err != nil {
			r.t.Errorf("POST %s: %v", path, err)
			return
		}
		defer response.Body.Close()
		data, _ := io.ReadAll(response.Body)
		u.done <- &answer{r.t, "POST " + path, response.StatusCode, response.Header, data}
	}()
	return u
}

func (u *upload) write(text string) {
	u.t.Helper()
	if _, err := io.WriteString(u.body, text); err != nil {
		u.t.Fatal(err)
	}
}

func (u *upload) finish() *answer {
	u.t.Helper()
	u.body.Close()
	a := <-u.done
	if a == nil {
		u.t.FailNow()
	}
	return a
}

// busy waits until an API that serves one request at a time serves one, and
// returns what others are told.
func (r *rig) busy() *answer {
	r.t.Helper()
	for {
		if a := r.get("/api/v1/info"); a.status != http.StatusOK {
			return a
		}
	}
}

// counted returns the value of a metric, all of its labels together.
func (r *rig) counted(name string, labels ...string) float64 {
	r.t.Helper()
	families, err := r.counts.Gather()
	if err != nil {
		r.t.Fatal(err)
	}
	sum := 0.0
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var values []string
			for _, l := range m.GetLabel() {
				values = append(values, l.GetValue())
			}
			if f.GetName() == "hammerwork_api_"+name && (labels == nil || slices.Equal(values, labels)) {
				sum += m.GetGauge().GetValue() + m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
	}
	return sum
}

// into reads a good answer.
func into[T any](a *answer, status int) T {
	a.t.Helper()
	var v T
	if a.status != status || a.header.Get("Content-Type") != "application/json" {
		a.t.Fatalf("%s: %d %s\n%s", a.what, a.status, a.header.Get("Content-Type"), a.body)
	}
	d := json.NewDecoder(bytes.NewReader(a.body))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		a.t.Fatalf("%s: %v in\n%s", a.what, err, a.body)
	}
	return v
}

// problem reads an answer that is one, and checks what every problem has.
func (a *answer) problem(status int, code wire.Code) wire.Problem {
	a.t.Helper()
	var p wire.Problem
	if err := json.Unmarshal(a.body, &p); err != nil {
		a.t.Fatalf("%s: %d, %v in\n%s", a.what, a.status, err, a.body)
	}
	if a.status != status || p.Code != code {
		a.t.Errorf("%s: %d %s; want %d %s\n%s", a.what, a.status, p.Code, status, code, a.body)
	}
	if p.Status != a.status || p.Type == "" || p.Title == "" || p.Detail == "" || p.Hint == "" || a.header.Get("Content-Type") != "application/problem+json" {
		a.t.Errorf("%s: the problem is incomplete, %s\n%s", a.what, a.header.Get("Content-Type"), a.body)
	}
	return p
}

const pipeline = `{"name": "pipeline", "failure_policy": "continue_on_failure", "jobs": [
	{"name": "extract", "queue": "etl", "payload": {"secret": "s3cret"}},
	{"name": "transform", "queue": "etl", "depends_on": ["extract"]},
	{"name": "load", "queue": "db/main", "depends_on": ["transform"], "priority": "high"}]}`

// create enqueues a workflow and returns its id.
func (r *rig) create(body string, changes ...change) string {
	r.t.Helper()
	return into[wire.Created](r.post("/api/v1/workflows", body, changes...), http.StatusCreated).ID
}

// enqueue enqueues a job and returns its id.
func (r *rig) enqueue(body string) string {
	r.t.Helper()
	return into[wire.Created](r.post("/api/v1/jobs", body), http.StatusCreated).ID
}

// claim gives jobs of all queues to a worker.
func (r *rig) claim(limit int) []store.Claimed {
	r.t.Helper()
	var jobs []store.Claimed
	leases, err := r.store.Claim(r.t.Context(), []store.Grant{{Lease: job.NewID(), Worker: "w1", Limit: limit}}, false)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, l := range leases {
		jobs = append(jobs, l.Jobs...)
	}
	return jobs
}

// finish claims jobs and ends them: the named ones fail for good.
func (r *rig) finish(failing ...string) {
	r.t.Helper()
	for _, c := range r.claim(100) {
		o := job.Outcome{Fence: c.Fence, Kind: job.KindCompleted, Result: json.RawMessage(`{"rows":3}`)}
		for _, name := range failing {
			if c.Name == name {
				o = job.Outcome{Fence: c.Fence, Kind: job.KindFailed, Error: "broken", Permanent: true}
			}
		}
		if _, err := r.store.Resolve(r.t.Context(), []job.Outcome{o}); err != nil {
			r.t.Fatal(err)
		}
	}
}

// hears counts the messages on a subject from now on.
func (r *rig) hears(subject string) <-chan string {
	r.t.Helper()
	heard := make(chan string, 100)
	s, err := r.bus.Subscribe(subject, "", func(m bus.Message) { heard <- m.Subject })
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { s.Unsubscribe() })
	return heard
}

// hear waits for a message.
func hear(t testing.TB, heard <-chan string, subject string) {
	t.Helper()
	select {
	case got := <-heard:
		if got != subject {
			t.Errorf("heard %s; want %s", got, subject)
		}
	case <-time.After(time.Minute):
		t.Errorf("nothing was heard on %s", subject)
	}
}

// listener opens a port.
func listener(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}
