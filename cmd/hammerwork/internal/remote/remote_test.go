package remote_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/remote"
	"github.com/hammerwork/hammerwork/internal/wire"
)

func client(t *testing.T, cfg remote.Config) *remote.Client {
	t.Helper()
	c, err := remote.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// stranger starts a server that is not the API.
func stranger(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	return s.URL
}

// unreachable calls a server and returns what is wrong with it.
func unreachable(t *testing.T, cfg remote.Config) (text, hint string) {
	t.Helper()
	_, err := client(t, cfg).Info(t.Context())
	var u *remote.Unreachable
	if !errors.As(err, &u) {
		t.Fatalf("got %v; want an *Unreachable", err)
	}
	return strings.TrimPrefix(u.Error(), strings.TrimRight(cfg.Server, "/")+" "), u.Hint()
}

func TestWhatIsNotTheAPIIsRecognized(t *testing.T) {
	page := func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>welcome</html>") }
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"a page":    {page, "is not the API: it answers 200 OK as text/html; charset=utf-8"},
		"not found": {http.NotFound, "is not the API: it answers 404 Not Found as text/plain; charset=utf-8"},
		"a login":   {http.RedirectHandler("https://login.example.com/", http.StatusFound).ServeHTTP, "is not the API: it sends to https://login.example.com/"},
		"a gateway": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }, "answers 502 Bad Gateway, without a word of the API"},
		"other JSON": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, "[1]")
		}, "is not the API, or of another version: json: cannot unmarshal array into Go value of type wire.Info"},
		"half JSON": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{"version": "1`)
		}, "does not answer: the answer ended too early"},
	} {
		if text, hint := unreachable(t, remote.Config{Server: stranger(t, c.answer)}); text != c.want || hint == "" {
			t.Errorf("%s: %q, hint %q; want %q", name, text, hint, c.want)
		}
	}
}

func TestTheWrongSchemeIsNamed(t *testing.T) {
	plain := stranger(t, http.NotFound)
	if text, hint := unreachable(t, remote.Config{Server: strings.Replace(plain, "http", "https", 1)}); text != "does not speak HTTPS" || hint != "try it with http://" {
		t.Errorf("%q, hint %q", text, hint)
	}
	s := httptest.NewTLSServer(http.NotFoundHandler())
	defer s.Close()
	s.Config.ErrorLog = nil
	if text, hint := unreachable(t, remote.Config{Server: strings.Replace(s.URL, "https", "http", 1)}); text != "speaks HTTPS" || hint != "try it with https://" {
		t.Errorf("%q, hint %q", text, hint)
	}
	if text, hint := unreachable(t, remote.Config{Server: s.URL}); !strings.HasPrefix(text, "has a certificate that is not trusted: ") || !strings.Contains(hint, "SSL_CERT_FILE") {
		t.Errorf("%q, hint %q", text, hint)
	}
}

func TestAServerThatIsNotThereIsUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := "http://" + l.Addr().String()
	l.Close()
	if text, hint := unreachable(t, remote.Config{Server: server}); text != "cannot be reached: connection refused" || !strings.Contains(hint, "--server") {
		t.Errorf("%q, hint %q", text, hint)
	}
	if text, _ := unreachable(t, remote.Config{Server: "http://nobody.invalid"}); !strings.HasPrefix(text, "cannot be reached: the name nobody.invalid ") {
		t.Errorf("%q", text)
	}
}

func TestAServerThatSaysNothingIsGivenUp(t *testing.T) {
	released := make(chan struct{})
	server := stranger(t, func(http.ResponseWriter, *http.Request) { <-released })
	t.Cleanup(func() { close(released) }) // before the server closes
	text, _ := unreachable(t, remote.Config{Server: server, Answer: 50 * time.Millisecond})
	if text != "does not answer in time" {
		t.Errorf("%q", text)
	}
	c := client(t, remote.Config{Server: server, Answer: 50 * time.Millisecond})
	_, err := c.EnqueueJob(t.Context(), remote.NewJob{Queue: "q"})
	var u *remote.Unreachable
	if !errors.As(err, &u) || u.Hint() != "whether it was done is not known; look before you repeat it" {
		t.Errorf("an enqueue: %v", err)
	}
	const again = "repeat it with the same idempotency key: it is done once, however often it comes"
	if _, err := c.EnqueueJob(t.Context(), remote.NewJob{Queue: "q", IdempotencyKey: "k"}); !errors.As(err, &u) || u.Hint() != again {
		t.Errorf("an enqueue with a key: %v", err)
	}
	if _, err := c.CreateWorkflow(t.Context(), remote.NewWorkflow{IdempotencyKey: "k"}); !errors.As(err, &u) || u.Hint() != again {
		t.Errorf("a workflow with a key: %v", err)
	}
}

func TestACancelledCallIsNotTheServersFault(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := stranger(t, func(_ http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() })
	_, err := client(t, remote.Config{Server: server}).Info(ctx)
	var u *remote.Unreachable
	if !errors.Is(err, context.Canceled) || errors.As(err, &u) {
		t.Errorf("got %v", err)
	}
}

func TestAnAnswerIsReadToABound(t *testing.T) {
	endless := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprint(w, `{"version": "`)
		for r.Context().Err() == nil {
			if _, err := w.Write(bytes.Repeat([]byte("x"), 1<<20)); err != nil {
				return
			}
		}
	}
	_, err := client(t, remote.Config{Server: stranger(t, endless)}).Info(t.Context())
	if err == nil || !strings.Contains(err.Error(), "has more than 32 MiB") {
		t.Errorf("got %v", err)
	}
}

func TestAProblemIsTheServersOwnWord(t *testing.T) {
	server := stranger(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusConflict)
		fmt.Fprint(w, `{"detail": "it has ended", "code": "wrong_state", "hint": "look", "new_field": 1}`)
	})
	_, err := client(t, remote.Config{Server: server}).Info(t.Context())
	var p *wire.Problem
	if !errors.As(err, &p) || p.Code != wire.CodeWrongState || p.Error() != "it has ended" || p.Hint != "look" {
		t.Errorf("got %v", err)
	}
}

func TestTheTokenGoesToTheServerOnly(t *testing.T) {
	var other []string
	elsewhere := stranger(t, func(_ http.ResponseWriter, r *http.Request) { other = append(other, r.Header.Get("Authorization")) })
	var seen string
	server := stranger(t, func(w http.ResponseWriter, r *http.Request) {
		seen = r.Header.Get("Authorization")
		http.Redirect(w, r, elsewhere, http.StatusTemporaryRedirect)
	})
	text, _ := unreachable(t, remote.Config{Server: server, Token: "s3cret"})
	if seen != "Bearer s3cret" || len(other) > 0 || strings.Contains(text, "s3cret") {
		t.Errorf("the server got %q, the other %q, and the error is %q", seen, other, text)
	}
}

func TestAddressesAreCheckedAndTheirPathStays(t *testing.T) {
	for address, reason := range map[string]string{
		"":                     "the address is empty",
		"localhost:8080":       "it has no scheme",
		"ftp://localhost":      "its scheme is ftp, not http or https",
		"http://":              "it names no host",
		"http://h/?a=b":        "it has more than a host, a port and a path",
		"http://me:pw@h":       "a user and a password in an address show in the list of processes",
		"http://me:p w@h:8080": "it is no URL: ",
	} {
		_, err := remote.New(remote.Config{Server: address})
		var bad *remote.AddressError
		if !errors.As(err, &bad) || !strings.HasPrefix(bad.Reason, reason) || bad.Hint == "" {
			t.Errorf("%q: %v", address, err)
		}
		if err != nil && (strings.Contains(err.Error(), "pw") || strings.Contains(err.Error(), "p w")) {
			t.Errorf("%q: the error has the password: %v", address, err)
		}
	}
	for _, address := range []string{"http://h:1", "http://h:1/", "http://h:1/api/v1", "http://h:1/api/v1/"} {
		if got := client(t, remote.Config{Server: address}).Server(); got != "http://h:1" {
			t.Errorf("%q is %q", address, got)
		}
	}
	var path string
	server := stranger(t, func(_ http.ResponseWriter, r *http.Request) { path = r.URL.EscapedPath() })
	_, _ = client(t, remote.Config{Server: server + "/jobs/"}).PauseQueue(t.Context(), "a/b ä")
	if path != "/jobs/api/v1/queues/a%2Fb%20%C3%A4/pause" {
		t.Errorf("asked for %s", path)
	}
}
