package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/services/api"
)

func host(name string) change { return func(r *http.Request) { r.Host = name } }

func TestARequestToAForeignHostIsRefused(t *testing.T) {
	cfg := config()
	cfg.AllowedHosts = []string{"Hammerwork.example.com", "*.svc.local"}
	r := start(t, cfg, nil)
	for name, ok := range map[string]bool{
		"localhost": true, "LOCALHOST:9000": true, "localhost.": true, "127.0.0.1": true, "127.0.0.1:80": true, "[::1]:8080": true, "127.1.2.3": true,
		"hammerwork.example.com": true, "HAMMERWORK.example.com:443": true, "api.svc.local": true,
		"evil.example": false, "localhost.evil.example": false, "evil.example:8080": false, "10.0.0.1": false, "169.254.169.254": false, "svc.local": false,
		"evilsvc.local": false, "x.hammerwork.example.com": false, "0.0.0.0": false, "127.0.0.1.evil.example": false, "[::2]": false, "2130706433": false,
	} {
		for _, path := range []string{"/api/v1/info", "/api/v1/workflows", "/nothing", "/schema/workflow.json"} {
			a := r.get(path, host(name))
			if !ok {
				a.problem(http.StatusForbidden, wire.CodeForbidden)
			} else if a.status == http.StatusForbidden {
				t.Errorf("%s %s: %d", name, path, a.status)
			}
		}
	}
	if a := r.post("/api/v1/queues/q/pause", "", host("evil.example")); a.status != http.StatusForbidden {
		t.Errorf("pause: %d", a.status)
	}
	if queues, err := r.store.Queues(t.Context()); err != nil || len(queues) != 0 {
		t.Errorf("a refused request changed %v, %v", queues, err)
	}
}

func TestAnAPIThatListensEverywhereIsReachedByTheAddressOfTheConnection(t *testing.T) {
	cfg := config()
	cfg.Listen = "0.0.0.0:0"
	r := start(t, cfg, nil)
	r.url = strings.Replace(strings.Replace(r.url, "[::]", "127.0.0.1", 1), "0.0.0.0", "127.0.0.1", 1)
	if a := r.get("/api/v1/info"); a.status != http.StatusOK {
		t.Errorf("got %d %s", a.status, a.body)
	}
	for _, name := range []string{"0.0.0.0", "10.0.0.1", "evil.example"} {
		r.get("/api/v1/info", host(name)).problem(http.StatusForbidden, wire.CodeForbidden)
	}
}

func TestAPageOfAnotherOriginIsRefused(t *testing.T) {
	cfg := config()
	cfg.AllowedHosts = []string{"hammerwork.example.com"}
	r := start(t, cfg, nil)
	for _, c := range []struct {
		name, value, host string
		ok                bool
	}{
		{"Origin", r.url, "", true},
		{"Origin", "http://localhost", "localhost:80", true},
		{"Origin", "https://hammerwork.example.com", "127.0.0.1:8080", true},
		{"Origin", "https://hammerwork.example.com", "hammerwork.example.com", true},
		{"Origin", "https://hammerwork.example.com:9999", "hammerwork.example.com", false},
		{"Origin", "http://localhost:3000", "", false},
		{"Origin", "http://localhost:3000", "localhost:8080", false},
		{"Origin", "https://evil.example", "", false},
		{"Origin", "null", "", false},
		{"Origin", "", "", true}, // no header is sent
		{"Origin", "file://", "", false},
		{"Origin", "chrome-extension://abc", "", false},
		{"Origin", "http://user@" + "localhost", "localhost", false},
		{"Sec-Fetch-Site", "same-origin", "", true},
		{"Sec-Fetch-Site", "none", "", true},
		{"Sec-Fetch-Site", "same-site", "", false},
		{"Sec-Fetch-Site", "cross-site", "", false},
		{"Sec-Fetch-Site", "nonsense", "", false},
	} {
		for _, path := range []string{"/api/v1/info", "/api/v1/jobs"} {
			a := r.get(path, func(q *http.Request) {
				if c.value != "" {
					q.Header.Set(c.name, c.value)
				}
				if c.host != "" {
					q.Host = c.host
				}
			})
			if !c.ok {
				a.problem(http.StatusForbidden, wire.CodeForbidden)
			} else if a.status != http.StatusOK {
				t.Errorf("%+v: %d %s", c, a.status, a.body)
			}
			if a.header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%+v: other origins may read", c)
			}
		}
	}
	r.get("/api/v1/jobs", func(q *http.Request) { q.Header["Origin"] = []string{r.url, "https://evil.example"} }).problem(http.StatusForbidden, wire.CodeForbidden)
	if a := r.do(http.MethodOptions, "/api/v1/jobs", "", with("Access-Control-Request-Method", "POST")); a.status != http.StatusMethodNotAllowed {
		t.Errorf("a preflight got %d", a.status)
	}
}

func TestWithoutTheTokenOnlyWhatIsPublicIsAnswered(t *testing.T) {
	const token = "correct-horse-battery-staple"
	cfg := config()
	cfg.Auth, cfg.Token = api.AuthToken, token
	r := start(t, cfg, nil)
	for _, path := range []string{"/api/v1/info", "/api/v1/openapi.json", "/schema/workflow.json"} {
		if a := r.get(path); a.status != http.StatusOK {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	routes := []string{
		"GET /api/v1/workflows", "POST /api/v1/workflows", "GET /api/v1/workflows/x", "GET /api/v1/workflows/x/stats", "GET /api/v1/workflows/x/jobs",
		"GET /api/v1/workflows/x/graph", "GET /api/v1/workflows/x/critical-path", "GET /api/v1/workflows/x/outline", "GET /api/v1/workflows/x/events", "POST /api/v1/workflows/x/cancel", "DELETE /api/v1/workflows/x", "GET /api/v1/jobs", "POST /api/v1/jobs", "GET /api/v1/jobs/x",
		"GET /api/v1/jobs/x/dependencies", "POST /api/v1/jobs/x/cancel", "GET /api/v1/queues", "POST /api/v1/queues/x/pause", "POST /api/v1/queues/x/resume",
		"GET /api/v1/queues/x", "PUT /api/v1/queues/x/priorities", "GET /api/v1/workers", "GET /nothing", "DELETE /api/v1/info",
	}
	for _, route := range routes {
		method, path, _ := strings.Cut(route, " ")
		a := r.do(method, path, "")
		a.problem(http.StatusUnauthorized, wire.CodeUnauthorized)
		if a.header.Get("WWW-Authenticate") != `Bearer realm="hammerwork"` {
			t.Errorf("%s: WWW-Authenticate %q", route, a.header.Get("WWW-Authenticate"))
		}
		if a := r.do(method, path, "", with("Authorization", "Bearer "+token)); a.status == http.StatusUnauthorized {
			t.Errorf("%s: the token was refused", route)
		}
	}
	for _, wrong := range []string{"Bearer", "Bearer ", "Bearer wrong", "Bearer " + token + "x", "Bearer " + token[1:], "Basic " + token, token, "Bearer " + token + " x"} {
		a := r.get("/api/v1/jobs", with("Authorization", wrong))
		p := a.problem(http.StatusUnauthorized, wire.CodeUnauthorized)
		if strings.Contains(p.Detail+p.Hint, token) {
			t.Errorf("the token is in %+v", p)
		}
	}
	r.get("/api/v1/jobs", func(q *http.Request) { q.Header["Authorization"] = []string{"Bearer " + token, "Bearer wrong"} }).
		problem(http.StatusUnauthorized, wire.CodeUnauthorized)
	if a := r.get("/api/v1/jobs", with("Authorization", "bearer "+token)); a.status != http.StatusOK {
		t.Errorf("got %d", a.status)
	}
	if strings.Contains(r.log.String(), token) {
		t.Error("the token is in the log")
	}
}

func TestEveryAnswerIsDataForTheClientThatAsked(t *testing.T) {
	r := start(t, config(), nil)
	for _, path := range []string{"/api/v1/info", "/nothing", "/api/v1/openapi.json"} {
		a := r.get(path)
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "X-Frame-Options": "DENY", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if a.header.Get(name) != want {
				t.Errorf("%s: %s is %q", path, name, a.header.Get(name))
			}
		}
		if csp := a.header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "sandbox") {
			t.Errorf("%s: Content-Security-Policy is %q", path, csp)
		}
	}
}
