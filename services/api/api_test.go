package api_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/services/api"
)

func TestEveryBadSettingIsReportedAtOnce(t *testing.T) {
	err := api.Config{Listen: "8080", Auth: "basic", AllowedHosts: []string{"https://x", "*"}, WriteTimeout: -1, CancelGrace: -1}.Validate()
	if err == nil {
		t.Fatal("nothing is wrong")
	}
	for _, want := range []string{
		"api.listen", "api.auth", `"https://x"`, `"*"`, "max_workflow_bytes", "max_body_bytes", "max_concurrent", "request_timeout", "read_header_timeout",
		"read_timeout", "write_timeout", "idle_timeout", "drain_timeout", "cancel_grace",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %s in\n%v", want, err)
		}
	}
	token := config()
	token.Auth = api.AuthToken
	if err := token.Validate(); err == nil || !strings.Contains(err.Error(), "api.token is empty") {
		t.Errorf("without a token: %v", err)
	}
	token.Token = "s3cret with spaces"
	if err := token.Validate(); err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("with a token that no header carries: %v", err)
	}
	if _, err := api.New(token, nil, nil, nil, nil); err == nil {
		t.Error("New took it")
	}
	if err := config().Validate(); err != nil {
		t.Error(err)
	}
}

func TestATokenIsShownNowhere(t *testing.T) {
	cfg := config()
	cfg.Token = "s3cret"
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "token", cfg.Token, "config", cfg)
	encoded, err := json.Marshal(map[string]any{"token": cfg.Token})
	if err != nil {
		t.Fatal(err)
	}
	if all := fmt.Sprintf("%v %+v %#v %s %q %s %s", cfg, cfg, cfg, cfg.Token, cfg.Token, encoded, log.String()); strings.Contains(all, "s3cret") {
		t.Error(all)
	}
}

func TestWhatTheServerIsIsToldWithoutCredentials(t *testing.T) {
	cfg := config()
	cfg.NATSURL = "nats://user:s3cret@nats.example:4222, tls://s3cret@other:4222,third:4222"
	r := start(t, cfg, nil)
	info := into[wire.Info](r.get("/api/v1/info"), http.StatusOK)
	want := wire.Info{Version: "1.2.3", Database: "sqlite", NATSURL: "nats://nats.example:4222,tls://other:4222,nats://third:4222", Auth: "none"}
	if info != want {
		t.Errorf("got %+v; want %+v", info, want)
	}
}

func TestAnAPIServesOnAListenerAndLetsRequestsEnd(t *testing.T) {
	cfg := config()
	cfg.Listener, cfg.MaxConcurrent = listener(t), 1
	r := start(t, cfg, nil)
	if r.url != "http://"+cfg.Listener.Addr().String() {
		t.Errorf("it serves on %s", r.url)
	}
	u := r.upload("/api/v1/jobs")
	u.write(`{"queue": `)
	r.busy()
	r.stop()
	for { // until it takes no more connections
		c, err := net.Dial("tcp", cfg.Listener.Addr().String())
		if err != nil {
			break
		}
		c.Close()
	}
	u.write(`"q"}`)
	into[wire.Created](u.finish(), http.StatusCreated)
	if err := r.end(); err != nil {
		t.Errorf("run: %v", err)
	}
}

func TestAnAPIThatCannotListenSaysSo(t *testing.T) {
	l := listener(t)
	defer l.Close()
	cfg := config()
	cfg.Listen = l.Addr().String()
	a, err := api.New(cfg, nil, nil, slog.New(slog.DiscardHandler), api.NewMetrics(nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Run(t.Context()); err == nil || !strings.Contains(err.Error(), cfg.Listen) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.Addr(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// closer is a bus whose connection is closed.
type closer interface{ Close() }

func TestWithoutABusEverythingIsStillServed(t *testing.T) {
	r := start(t, config(), nil)
	r.bus.(closer).Close()
	id := r.create(pipeline)
	r.enqueue(`{"queue": "q"}`)
	r.claim(1)
	into[wire.WorkflowItem](r.post("/api/v1/workflows/"+id+"/cancel", ""), http.StatusOK)
	into[wire.Queue](r.post("/api/v1/queues/q/resume", ""), http.StatusOK)
}

func TestSlowClientsAreLeft(t *testing.T) {
	cfg := config()
	cfg.ReadHeaderTimeout, cfg.ReadTimeout = time.Second, 2*time.Second
	r := start(t, cfg, nil)
	for what, sent := range map[string]string{
		"no headers":    "",
		"half a header": "GET /api/v1/info HTTP/1.1\r\nHost: loc",
		"half a body":   "POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{",
		"half a chunk":  "POST /api/v1/workflows HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n100\r\n{",
	} {
		c, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(c, sent)
		if err := c.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(c) // returns when the server has closed the connection
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if strings.HasPrefix(sent, "POST") && (!bytes.HasPrefix(answer, []byte("HTTP/1.1 408")) || !bytes.Contains(answer, []byte("invalid_request"))) {
			t.Errorf("%s: got %s", what, answer)
		}
		c.Close()
	}
}

func TestBodiesAreBoundedOnTheWire(t *testing.T) {
	cfg := config()
	cfg.MaxWorkflowBytes = 1 << 20
	r := start(t, cfg, nil)
	endless := func(path string) *answer {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+path, io.LimitReader(spaces{}, 1<<40)) // chunked
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		return r.send(request)
	}
	for _, path := range []string{"/api/v1/workflows", "/api/v1/jobs", "/api/v1/workflows/x/cancel"} {
		endless(path).problem(http.StatusRequestEntityTooLarge, wire.CodeTooLarge)
		c, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n", path)
		response, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil || response.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: %v, %v", path, response, err)
		} else {
			response.Body.Close()
		}
		c.Close()
	}
	a := r.get("/api/v1/info", with("X-Large", strings.Repeat("x", 128<<10)))
	if a.status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("large headers: %d", a.status)
	}
}

// spaces is an endless body.
type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestABodyThatIsNeitherJSONNorYAMLIsRefused(t *testing.T) {
	r := start(t, config(), nil)
	for _, path := range []string{"/api/v1/jobs", "/api/v1/workflows", "/api/v1/queues/q/pause", "/api/v1/workflows/x/cancel"} {
		for _, kind := range []string{
			"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/octet-stream", "text/html", "nonsense", "application/json, text/plain",
			"application/json; charset=latin1", "application/cbor", "",
		} {
			r.post(path, `{"queue": "q"}`, func(q *http.Request) { q.Header["Content-Type"] = []string{kind} }).problem(http.StatusUnsupportedMediaType, wire.CodeInvalidRequest)
		}
		r.post(path, `{"queue": "q"}`, func(q *http.Request) { q.Header.Del("Content-Type") }).problem(http.StatusUnsupportedMediaType, wire.CodeInvalidRequest)
		r.post(path, `{"queue": "q"}`, with("Content-Encoding", "gzip")).problem(http.StatusUnsupportedMediaType, wire.CodeInvalidRequest)
		r.post(path, `{"queue": "q"}`, func(q *http.Request) { q.Header.Add("Content-Type", "text/plain") }).problem(http.StatusUnsupportedMediaType, wire.CodeInvalidRequest)
	}
	r.post("/api/v1/queues/q/pause", "", with("Content-Type", "application/x-www-form-urlencoded")).problem(http.StatusUnsupportedMediaType, wire.CodeInvalidRequest)
	r.post("/api/v1/workflows/x/cancel", "grace: 1s", with("Content-Type", "text/yaml")).problem(http.StatusUnsupportedMediaType, wire.CodeInvalidRequest)
	if queues, err := r.store.Queues(t.Context()); err != nil || len(queues) != 0 {
		t.Errorf("a refused request changed %v, %v", queues, err)
	}
}

func TestRequestsAreCountedByRoute(t *testing.T) {
	r := start(t, config(), nil)
	for range 3 {
		r.get("/api/v1/jobs?limit=1")
	}
	r.get("/api/v1/jobs?limit=0")
	r.get("/api/v1/jobs/x")
	r.get("/nothing")
	if err := r.end(); err != nil { // a request is counted when it has been answered
		t.Fatal(err)
	}
	for _, c := range []struct {
		route, status string
		want          float64
	}{
		{"GET /api/v1/jobs", "200", 3}, {"GET /api/v1/jobs", "422", 1}, {"GET /api/v1/jobs/{id}", "404", 1}, {"none", "404", 1},
	} {
		if got := r.counted("requests_total", c.route, c.status); got != c.want {
			t.Errorf("%s %s: %v requests; want %v", c.route, c.status, got, c.want)
		}
	}
	if all, timed, active := r.counted("requests_total"), r.counted("request_seconds"), r.counted("requests_active"); all != 6 || timed != 6 || active != 0 {
		t.Errorf("%v requests, %v timed, %v active; want 6, 6, 0", all, timed, active)
	}
}

// bounded is a store that gives one workflow a page, however many are wanted.
type bounded struct {
	api.Store
	pages int
}

func (b *bounded) Workflows(ctx context.Context, f store.WorkflowFilter) ([]store.WorkflowRecord, job.ID, error) {
	b.pages++
	f.Limit = 1
	return b.Store.Workflows(ctx, f)
}

func TestAPageIsFilledFromShortOnesOfTheStore(t *testing.T) {
	var b *bounded
	r := start(t, config(), func(s api.Store) api.Store { b = &bounded{Store: s}; return b })
	for range 30 {
		r.create(`{"name": "w", "jobs": [{"name": "a", "queue": "q"}]}`)
	}
	l := into[wire.List[wire.WorkflowItem]](r.get("/api/v1/workflows?limit=10"), http.StatusOK)
	if len(l.Items) != 10 || b.pages != 10 || l.NextCursor == "" {
		t.Errorf("%d items of %d pages", len(l.Items), b.pages)
	}
	l = into[wire.List[wire.WorkflowItem]](r.get("/api/v1/workflows?limit=30"), http.StatusOK)
	if len(l.Items) != 20 || l.NextCursor == "" {
		t.Errorf("%d items, though a page looks 20 times at most", len(l.Items))
	}
	if l = into[wire.List[wire.WorkflowItem]](r.get("/api/v1/workflows?limit=30&cursor="+l.NextCursor), http.StatusOK); len(l.Items) != 10 || l.NextCursor != "" {
		t.Errorf("%d items in the rest", len(l.Items))
	}
}
