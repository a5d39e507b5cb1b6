package health_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/hammerwork/hammerwork/internal/health"
)

// serve starts a server with a registry that counts to one.
func serve(t *testing.T, s *health.Status) (base string) {
	t.Helper()
	registry := prometheus.NewRegistry()
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: "tries_total", Help: "Tries."})
	c.Inc()
	registry.MustRegister(c)
	server, err := health.Listen(t.Context(), "127.0.0.1:0", s, registry, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- server.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	return "http://" + server.Addr()
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func ready(t *testing.T, base string) (int, health.Report) {
	t.Helper()
	code, body := get(t, base+"/readyz")
	var r health.Report
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return code, r
}

func TestAProcessThatStartsIsAliveButNotReady(t *testing.T) {
	base := serve(t, health.NewStatus())
	if code, body := get(t, base+"/livez"); code != 200 || !strings.Contains(body, "live") {
		t.Errorf("/livez: %d %s", code, body)
	}
	if code, r := ready(t, base); code != 503 || r.Status != "starting" {
		t.Errorf("/readyz: %d %+v", code, r)
	}
}

func TestReadinessNamesWhatIsMissing(t *testing.T) {
	s := health.NewStatus()
	s.Add("database", func(context.Context) error { return nil })
	s.Add("nats", func(context.Context) error { return errors.New("not connected") })
	s.Set("")
	code, r := ready(t, serve(t, s))
	want := health.Report{Status: "unavailable", Checks: map[string]string{"database": "ok", "nats": "not connected"}}
	if diff := cmp.Diff(want, r); code != 503 || diff != "" {
		t.Errorf("%d %s", code, diff)
	}
}

func TestAProcessIsReadyWhenEveryCheckPasses(t *testing.T) {
	s := health.NewStatus()
	s.Add("nats", func(context.Context) error { return nil })
	s.Set("")
	base := serve(t, s)
	if code, r := ready(t, base); code != 200 || r.Status != "ready" {
		t.Errorf("%d %+v", code, r)
	}
	s.Set("stopping")
	if code, r := ready(t, base); code != 503 || r.Status != "stopping" {
		t.Errorf("%d %+v", code, r)
	}
}

func TestManyQuestionsAreOneCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := health.NewStatus()
		var made atomic.Int32
		s.Add("database", func(context.Context) error { made.Add(1); return nil })
		s.Set("")
		for range 100 {
			s.Ready(t.Context())
		}
		if n := made.Load(); n != 1 {
			t.Errorf("%d checks for 100 questions at once", n)
		}
		<-time.After(2 * time.Second)
		s.Ready(t.Context())
		if n := made.Load(); n != 2 {
			t.Errorf("%d checks after a while, want 2", n)
		}
	})
}

func TestACheckThatHangsIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := health.NewStatus()
		s.Add("database", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		s.Set("")
		if r := s.Ready(t.Context()); r.Status != "unavailable" {
			t.Errorf("%+v", r)
		}
	})
}

func TestMetricsAreServed(t *testing.T) {
	code, body := get(t, serve(t, health.NewStatus())+"/metrics")
	if code != 200 || !strings.Contains(body, "tries_total 1") {
		t.Errorf("%d %s", code, body)
	}
}

func TestATakenPortIsAnError(t *testing.T) {
	base := serve(t, health.NewStatus())
	_, err := health.Listen(t.Context(), strings.TrimPrefix(base, "http://"), health.NewStatus(), prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("got %v", err)
	}
}
