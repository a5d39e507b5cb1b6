package natsbus

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/hammerwork/hammerwork/internal/bus"
)

func TestDroppedMessagesAreCountedAndLoggedOnce(t *testing.T) {
	var log record
	b := connectTo(t, &server.Options{DontListen: true}, Config{}, &log)
	b.messages = 2
	entered, release := make(chan bool, 10), make(chan bool)
	sub, err := b.Subscribe("a", "", func(bus.Message) { entered <- true; <-release })
	if err != nil {
		t.Fatal(err)
	}
	passed := make(chan bool)
	if _, err := b.Subscribe("end", "", func(bus.Message) { passed <- true }); err != nil {
		t.Fatal(err)
	}
	for _, subject := range []string{"a", "a", "a", "a", "a", "end"} {
		if err := b.Publish(subject, nil); err != nil {
			t.Fatal(err)
		}
	}
	<-passed
	if n := b.Stats().Dropped; n != 3 { // two of five are held: the handler's counts until it returns
		t.Errorf("%d dropped, want 3", n)
	}
	close(release)
	if err := sub.Unsubscribe(); err != nil {
		t.Fatal(err)
	}
	if n := b.Stats().Dropped; n != 3 {
		t.Errorf("%d dropped after unsubscribe, want 3", n)
	}
	b.Close()
	if n := b.Stats().Dropped; n != 3 {
		t.Errorf("%d dropped after close, want 3", n)
	}
	if n := strings.Count(log.String(), "too slow"); n != 1 {
		t.Errorf("%d log lines of it:\n%s", n, &log)
	}
}

func TestDeniedSubjectsAreCountedAndLogged(t *testing.T) {
	var log record
	limited := &server.User{Username: "worker", Password: "pw", Permissions: &server.Permissions{
		Publish:   &server.SubjectPermission{Allow: []string{"ok"}},
		Subscribe: &server.SubjectPermission{Allow: []string{"ok", "_INBOX.>"}},
	}}
	b := connectTo(t, &server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, Users: []*server.User{limited}}, Config{}, &log)
	got := make(chan bool, 1)
	if _, err := b.Subscribe("ok", "", func(bus.Message) { got <- true }); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Subscribe("secret", "", func(bus.Message) {}); err != nil {
		t.Fatal(err)
	}
	for _, subject := range []string{"forbidden", "ok"} {
		if err := b.Publish(subject, nil); err != nil {
			t.Fatal(err)
		}
	}
	<-got
	b.Close() // the handlers have run then
	if s := b.Stats(); s.Denied != 2 || s.Failures != 0 {
		t.Errorf("%+v", s)
	}
	for _, subject := range []string{"secret", "forbidden"} {
		if !strings.Contains(log.String(), subject) {
			t.Errorf("the log does not name %s:\n%s", subject, &log)
		}
	}
	if strings.Contains(log.String(), "pw@") {
		t.Errorf("the log has the password:\n%s", &log)
	}
}

func TestReconnectDelaysGrowFromATenthOfASecondToFiveAndDiffer(t *testing.T) {
	for n, longest := range map[int]time.Duration{0: 100, 1: 100, 2: 200, 3: 400, 6: 3200, 7: 5000, 100: 5000, 1 << 40: 5000} {
		longest *= time.Millisecond
		seen := map[time.Duration]bool{}
		for range 100 {
			d := reconnectDelay(n)
			if d > longest || d <= longest/2 {
				t.Fatalf("after %d attempts: %v, want at most %v and over half of it", n, d, longest)
			}
			seen[d] = true
		}
		if len(seen) < 50 {
			t.Errorf("after %d attempts: only %d different delays", n, len(seen))
		}
	}
}

func TestEveryConnectionIsMadeAnewAfterSuchADelay(t *testing.T) {
	b := connectTo(t, &server.Options{DontListen: true}, Config{}, &record{})
	delay := b.nc.Opts.CustomReconnectDelayCB
	if delay == nil {
		t.Fatal("the client's own delay is the same for all")
	}
	seen := map[time.Duration]bool{}
	for range 100 {
		seen[delay(20)] = true
	}
	if len(seen) < 50 {
		t.Errorf("only %d different delays", len(seen))
	}
}

// A worker with a wrong password waits for ever: its user must learn why, and
// not once a second.
func TestAServerThatRefusesIsWaitedForAndTheReasonIsLoggedOnce(t *testing.T) {
	var log record
	b := connectTo(t, &server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, Users: []*server.User{{Username: "u", Password: "pw"}}}, Config{}, &log)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second) // several attempts
	defer cancel()
	_, err := Connect(ctx, Config{URL: "nats://u:wrong@" + b.server, WaitForServer: true}, slog.New(slog.NewTextHandler(&log, nil)))
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "Authorization Violation") {
		t.Errorf("error: %v", err)
	}
	if n := strings.Count(log.String(), "not reached"); n != 1 || strings.Contains(log.String(), "wrong") {
		t.Errorf("%d log lines of it:\n%s", n, &log)
	}
}

// connectTo runs a server of its own options; the user of the first one, if
// any, connects.
func connectTo(t *testing.T, opts *server.Options, cfg Config, log *record) *Bus {
	t.Helper()
	opts.NoSigs, opts.NoLog = true, true
	s, err := server.NewServer(opts)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the server is not ready")
	}
	if opts.DontListen {
		cfg.InProcess = s
	} else {
		u := url.URL{Scheme: "nats", User: url.UserPassword(opts.Users[0].Username, opts.Users[0].Password), Host: s.Addr().String()}
		cfg.URL = u.String()
	}
	b, err := Connect(t.Context(), cfg, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// record keeps a log.
type record struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.buf.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.buf.String()
}
