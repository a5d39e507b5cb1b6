package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/plainjson"
)

const prefix = "/api/v1"

// What is read of an answer at most, in bytes.
const (
	maxProblem  = 1 << 20
	maxAnswer   = 32 << 20
	maxWorkflow = 1 << 30 // with all jobs and their results
	maxGraph    = 1 << 30
	maxExport   = 1 << 40
)

// Config holds a client's settings.
type Config struct {
	Server  string        // URL; a path stays before that of the API
	Token   string        // empty: none is sent
	Agent   string        // User-Agent
	Connect time.Duration // until a connection stands; zero: 5 s
	Answer  time.Duration // until the whole answer is there; zero: 3 min
}

// Client calls the API of one server. It may be used by many goroutines.
type Client struct {
	base  string
	token string
	agent string
	http  *http.Client
}

// New returns a client, or an *AddressError. It connects when it is used.
func New(cfg Config) (*Client, error) {
	base, err := base(cfg.Server)
	if err != nil {
		return nil, err
	}
	if cfg.Connect == 0 {
		cfg.Connect = 5 * time.Second
	}
	if cfg.Answer == 0 {
		cfg.Answer = 3 * time.Minute
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DialContext = (&net.Dialer{Timeout: cfg.Connect}).DialContext
	transport.TLSHandshakeTimeout = cfg.Connect
	transport.MaxResponseHeaderBytes = 64 << 10
	return &Client{
		base: base, token: cfg.Token, agent: cfg.Agent,
		http: &http.Client{
			Transport: transport,
			Timeout:   cfg.Answer,
			// A redirect leads away from the API, and would take the token along.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// Server returns the address without the path of the API.
func (c *Client) Server() string { return c.base }

// Close closes idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// request is one call of the API.
type request struct {
	method string
	path   string // below the prefix
	query  url.Values
	header http.Header
	body   []byte
	limit  int64 // of the answer, in bytes
	keyed  bool  // the server does it once, however often it comes
}

// unanswered says what to do when it is not known whether the server has done it.
func (r request) unanswered() string {
	switch {
	case r.method == http.MethodGet:
		return runningHint
	case r.keyed:
		return "repeat it with the same idempotency key: it is done once, however often it comes"
	}
	return "whether it was done is not known; look before you repeat it"
}

func get(query url.Values, path string, args ...any) request {
	return request{method: http.MethodGet, path: pathOf(path, args), query: query, limit: maxAnswer}
}

// post has value as JSON for its body; nil is an empty object.
func post(value any, path string, args ...any) (request, error) {
	body := []byte("{}")
	if value != nil {
		var err error
		if body, err = encode(value); err != nil {
			return request{}, err
		}
	}
	r := request{method: http.MethodPost, path: pathOf(path, args), body: body, limit: maxAnswer, header: http.Header{}}
	r.header.Set("Content-Type", "application/json")
	return r, nil
}

// pathOf fills the parts of a path, escaped. A part that is . or .. would
// otherwise be taken for a way through the path.
func pathOf(path string, args []any) string {
	for i := range args {
		part := url.PathEscape(fmt.Sprint(args[i]))
		if part == "." || part == ".." {
			part = strings.ReplaceAll(part, ".", "%2E")
		}
		args[i] = part
	}
	return fmt.Sprintf(path, args...)
}

func encode(value any) ([]byte, error) {
	var b bytes.Buffer
	if err := plainjson.NewEncoder(&b).Encode(value); err != nil {
		return nil, fmt.Errorf("encode the request: %w", err)
	}
	return b.Bytes(), nil
}

// send performs a request and returns an answer that says it went well.
func (c *Client) send(ctx context.Context, r request) (*http.Response, error) {
	address := c.base + prefix + r.path
	if len(r.query) > 0 {
		address += "?" + r.query.Encode()
	}
	out, err := http.NewRequestWithContext(ctx, r.method, address, bytes.NewReader(r.body))
	if err != nil {
		return nil, fmt.Errorf("make a request: %w", err)
	}
	for name, values := range r.header {
		out.Header[name] = values
	}
	out.Header.Set("Accept", "application/json, */*;q=0.5")
	out.Header.Set("User-Agent", c.agent)
	if c.token != "" {
		out.Header.Set("Authorization", "Bearer "+c.token)
	}
	answer, err := c.http.Do(out)
	if err != nil {
		return nil, unreachable(c.base, err, r.unanswered())
	}
	if answer.StatusCode/100 == 2 {
		return answer, nil
	}
	defer answer.Body.Close()
	return nil, c.problem(answer)
}

// problem reads what the API says against a request.
func (c *Client) problem(answer *http.Response) error {
	if media(answer) == "application/problem+json" {
		p := new(wire.Problem)
		err := json.NewDecoder(io.LimitReader(answer.Body, maxProblem)).Decode(p)
		if err == nil && p.Code != "" {
			return p
		}
	}
	start, _ := io.ReadAll(io.LimitReader(answer.Body, 256)) // of an answer that is not the API's
	if bytes.Contains(start, []byte("HTTP request to an HTTPS server")) {
		return &Unreachable{Server: c.base, Err: errors.New("speaks HTTPS"), hint: "try it with https://"}
	}
	return strange(c.base, answer)
}

func media(answer *http.Response) string {
	kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type")) // what cannot be read is no kind
	return kind
}

// call performs a request and reads its answer into out.
func (c *Client) call(ctx context.Context, r request, out any) error {
	answer, err := c.send(ctx, r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	return c.decode(answer, r, out)
}

// decode reads the answer to a request into out.
func (c *Client) decode(answer *http.Response, r request, out any) error {
	if media(answer) != "application/json" {
		return strange(c.base, answer)
	}
	body := &io.LimitedReader{R: answer.Body, N: r.limit}
	if err := json.NewDecoder(body).Decode(out); err != nil {
		return c.broken(err, body, r)
	}
	return nil
}

// broken says why an answer could not be read to its end.
func (c *Client) broken(err error, body *io.LimitedReader, r request) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case body.N <= 0:
		return fmt.Errorf("the answer of %s has more than %d MiB", c.base, r.limit>>20)
	case errors.As(err, &syntax), errors.As(err, &kind):
		return &Unreachable{Server: c.base, Err: fmt.Errorf("is not the API, or of another version: %w", err), hint: "hammerwork version and the server's /api/v1/info say which"}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		err = errors.New("the answer ended too early")
	}
	return unreachable(c.base, err, r.unanswered())
}

// copyText performs a request whose answer is not JSON for programs, and
// copies it.
func (c *Client) copyText(ctx context.Context, r request, to io.Writer) error {
	answer, err := c.send(ctx, r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if kind := media(answer); kind == "" || kind == "text/html" {
		return strange(c.base, answer)
	}
	n, err := io.Copy(to, io.LimitReader(answer.Body, r.limit+1))
	switch {
	case err != nil:
		return fmt.Errorf("copy the answer: %w", err)
	case n > r.limit:
		return fmt.Errorf("the answer of %s has more than %d MiB", c.base, r.limit>>20)
	}
	return nil
}

// set adds a parameter that says something.
func set(q url.Values, name, value string) {
	if value != "" {
		q.Set(name, value)
	}
}
