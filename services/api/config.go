package api

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// The kinds of access.
const (
	AuthNone  = "none"  // whoever reaches the address may do everything
	AuthToken = "token" // requests carry the token; only /info, the OpenAPI document and the schema need none
)

// Secret is a text that no log and no error shows.
type Secret string

// String hides the text.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "(hidden)"
}

// GoString hides the text from %#v.
func (s Secret) GoString() string { return fmt.Sprintf("%q", s.String()) }

// LogValue hides the text from logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText hides the text from JSON and YAML.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Config holds an API's settings.
type Config struct {
	Listen       string       // host:port, port 0 for any free one; default 127.0.0.1:8080
	Listener     net.Listener // already open, instead of Listen; Run closes it
	Auth         string       // none or token; default token
	Token        Secret       // with token: what Authorization: Bearer must say
	AllowedHosts []string     // Host names beside loopback names and the listen address; *.example.com for all below

	MaxWorkflowBytes int64           // body of a workflow; default 32 MiB
	MaxYAMLBytes     int64           // body of a workflow in YAML, which takes a hundred times its size to read; default 2 MiB
	MaxBodyBytes     int64           // any other body; default 1 MiB
	MaxConcurrent    int             // requests served side by side, more are answered 429; default 256
	MaxUploadBytes   int64           // bodies held at one time, all requests together; default 256 MiB
	Limits           workflow.Limits // of a workflow; the zero value means their defaults

	RequestTimeout    time.Duration // of the store's work for one request; default 30s
	EnqueueTimeout    time.Duration // to read and store a workflow, instead of RequestTimeout; default 100s
	ReadHeaderTimeout time.Duration // until the headers are there; default 5s
	ReadTimeout       time.Duration // until the body is there; default 1m
	WriteTimeout      time.Duration // until the answer is sent, from the end of the headers; default 3m
	IdleTimeout       time.Duration // of a kept connection; default 2m
	DrainTimeout      time.Duration // how long requests may go on when the API stops; default 10s
	CancelGrace       time.Duration // how long cancelled jobs may go on unless the request says; default 10s

	// What /info tells clients.
	Version  string
	Database string // postgres, mysql or sqlite
	NATSURL  string // told without its credentials; empty: not told
}

// DefaultConfig returns the defaults.
func DefaultConfig() Config {
	return Config{
		Listen: "127.0.0.1:8080", Auth: AuthToken,
		MaxWorkflowBytes: 32 << 20, MaxYAMLBytes: 2 << 20, MaxBodyBytes: 1 << 20, MaxConcurrent: 256, MaxUploadBytes: 256 << 20,
		RequestTimeout: 30 * time.Second, EnqueueTimeout: 100 * time.Second, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: time.Minute,
		WriteTimeout: 3 * time.Minute, IdleTimeout: 2 * time.Minute, DrainTimeout: 10 * time.Second,
		CancelGrace: 10 * time.Second,
	}
}

// Validate reports every bad setting at once.
func (c Config) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.Listener == nil {
		if _, _, err := net.SplitHostPort(c.Listen); err != nil {
			bad("api.listen is %q; it must be host:port, like 127.0.0.1:8080", c.Listen)
		}
	}
	switch {
	case c.Auth != AuthNone && c.Auth != AuthToken:
		bad("api.auth is %q; it must be none or token", c.Auth)
	case c.Auth == AuthToken && c.Token == "":
		bad("api.token is empty; set one, or set api.auth to none where nobody else reaches the address")
	case c.Auth == AuthToken && !printable(string(c.Token)):
		bad("api.token has characters that no header can carry; use letters, digits and marks without spaces")
	}
	for _, h := range c.AllowedHosts {
		if name := strings.TrimPrefix(h, "*."); name == "" || strings.ContainsAny(name, "*/:@ ") && net.ParseIP(name) == nil {
			bad("api.allowed_hosts has %q; it must be a name like hammerwork.example.com or *.example.com, without scheme and port", h)
		}
	}
	for _, n := range []struct {
		name       string
		value, min int64
	}{
		{"max_workflow_bytes", c.MaxWorkflowBytes, 1024},
		{"max_yaml_bytes", c.MaxYAMLBytes, 1024},
		{"max_body_bytes", c.MaxBodyBytes, 2 * job.MaxPayload},
		{"max_concurrent", int64(c.MaxConcurrent), 1},
		{"max_upload_bytes", c.MaxUploadBytes, max(c.MaxWorkflowBytes, c.MaxBodyBytes)},
	} {
		if n.value < n.min {
			bad("api.%s is %d; it must be at least %d", n.name, n.value, n.min)
		}
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"request_timeout", c.RequestTimeout},
		{"enqueue_timeout", c.EnqueueTimeout},
		{"read_header_timeout", c.ReadHeaderTimeout},
		{"read_timeout", c.ReadTimeout},
		{"write_timeout", c.WriteTimeout},
		{"idle_timeout", c.IdleTimeout},
		{"drain_timeout", c.DrainTimeout},
	} {
		if d.value <= 0 {
			bad("api.%s is %s; it must be positive, or one silent client holds its connection for ever", d.name, d.value)
		}
	}
	if c.WriteTimeout < c.ReadTimeout {
		bad("api.write_timeout is %s; it must be at least read_timeout, %s, or a slow upload gets no answer", c.WriteTimeout, c.ReadTimeout)
	}
	if err := c.Limits.Validate(); err != nil {
		bad("api.limits: %w", err)
	}
	if c.CancelGrace < 0 {
		bad("api.cancel_grace is %s; it must not be negative", c.CancelGrace)
	}
	return errors.Join(errs...)
}

// printable reports whether a token can be sent in a header as it is.
func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// withoutCredentials returns a URL, or several separated by commas, without
// user, password and query. What cannot be read is left out.
func withoutCredentials(urls string) string {
	var clean []string
	for raw := range strings.SplitSeq(urls, ",") {
		raw = strings.TrimSpace(raw)
		if raw != "" && !strings.Contains(raw, "://") {
			raw = "nats://" + raw
		}
		u, err := url.Parse(raw)
		if err != nil || u.Host == "" {
			continue
		}
		clean = append(clean, u.Scheme+"://"+u.Host)
	}
	return strings.Join(clean, ",")
}
