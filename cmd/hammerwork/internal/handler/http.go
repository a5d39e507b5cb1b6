package handler

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/sdk/worker"
)

const (
	maxRedirects  = 3
	maxErrorBody  = 2 << 10        // bytes of a reply that an error quotes
	maxRetryAfter = 24 * time.Hour // the longest wait a server may ask for
)

// HTTPConfig configures HTTP. The zero value is ready to use.
type HTTPConfig struct {
	URL string // where jobs go whose payload has no url; default: nowhere
}

// HTTP returns a handler that posts the job as JSON to payload.url, or to the
// configured URL. A 2xx reply is the result: as it is when it is JSON, null
// when it is empty, else as {"body": "…"}. Every other reply is an error with
// the status and the start of the body: permanent for 4xx, except 408 and 429;
// 429 and 503 choose the delay by Retry-After. Up to three redirects that keep
// the method are followed on the same host. The job's timeout is the only
// bound of the time a reply may take.
func HTTP(cfg HTTPConfig) worker.Handler {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = transport.MaxIdleConns // jobs often go to one host
	client := &http.Client{Transport: transport, CheckRedirect: checkRedirect}
	return func(ctx context.Context, j *worker.Job) (any, error) {
		target, err := cfg.target(j.Payload)
		if err != nil {
			return nil, worker.Permanent(err)
		}
		result, err := post(ctx, client, target, j)
		if err != nil {
			return nil, fmt.Errorf("POST %s://%s%s: %w", target.Scheme, target.Host, target.Path, err)
		}
		return result, nil
	}
}

// target returns the job's URL, which is absolute and http or https.
func (c HTTPConfig) target(payload json.RawMessage) (*url.URL, error) {
	text := c.URL
	if raw, ok := fieldsOf(payload)["url"]; ok {
		var s *string
		if err := json.Unmarshal(raw, &s); err != nil || s == nil {
			return nil, errors.New("payload.url is not a string")
		}
		text = *s
	}
	if text == "" {
		return nil, errors.New("payload.url is missing and the worker has no URL of its own; set one of them")
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return nil, errors.New("the job's URL is not valid; write it like https://example.com/path")
	}
	return u, nil
}

func post(ctx context.Context, client *http.Client, target *url.URL, j *worker.Job) (any, error) {
	body, err := jobJSON(j)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), bytes.NewReader(body))
	if err != nil {
		return nil, worker.Permanent(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "hammerwork")
	req.Header.Set("X-Hammerwork-Job-Id", j.ID().String())
	req.Header.Set("X-Hammerwork-Attempt", strconv.Itoa(j.Attempt))
	req.Header.Set("X-Hammerwork-Workflow-Id", workflowID(j))
	if j.TraceParent != "" {
		req.Header.Set("traceparent", j.TraceParent)
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, sendError(ctx, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil, replyError(resp, time.Now())
	}
	reply, err := io.ReadAll(io.LimitReader(resp.Body, job.MaxResult+1))
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, fmt.Errorf("read reply: %w", err)
	case len(reply) > job.MaxResult:
		return nil, worker.ErrResultTooLarge
	case len(bytes.TrimSpace(reply)) == 0:
		return nil, nil
	}
	return resultOf(reply, "body")
}

// errRedirect says that a redirect is not followed.
var errRedirect = errors.New("redirect refused")

// checkRedirect follows a redirect when the job would still arrive, as a POST
// to the host that was asked for.
func checkRedirect(next *http.Request, via []*http.Request) error {
	first := via[0]
	switch {
	case len(via) > maxRedirects:
		return fmt.Errorf("%w: more than %d in a row", errRedirect, maxRedirects)
	case next.Method != first.Method:
		return fmt.Errorf("%w: %s would turn the POST into a %s; the server should use 307 or 308", errRedirect, next.Response.Status, next.Method)
	case next.URL.Host != first.URL.Host || next.URL.Scheme != first.URL.Scheme:
		return fmt.Errorf("%w: to another host, %s://%s; use its address as the job's URL", errRedirect, next.URL.Scheme, next.URL.Host)
	}
	return nil
}

// sendError explains why there is no reply. It leaves out the URL that
// url.Error quotes, whose query may hold a secret.
func sendError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var quoted *url.Error
	if errors.As(err, &quoted) {
		err = quoted.Err
	}
	if errors.Is(err, errRedirect) {
		return worker.Permanent(err)
	}
	return err
}

// replyError makes the error of a reply other than 2xx.
func replyError(resp *http.Response, now time.Time) error {
	start, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody)) // what came of it is better than nothing
	err := errors.New(resp.Status)
	if body := text(start); body != "" {
		err = fmt.Errorf("%s: %s", resp.Status, body)
	}
	switch code := resp.StatusCode; {
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable:
		if d, ok := retryAfter(resp.Header.Get("Retry-After"), now); ok {
			return worker.RetryAfter(err, d)
		}
	case code == http.StatusRequestTimeout:
	case code >= 400 && code <= 499:
		return worker.Permanent(err)
	}
	return err
}

// retryAfter reads a Retry-After header, seconds or a date. The delay is in
// [0, maxRetryAfter]; ok is false when the header is missing or makes no sense.
func retryAfter(header string, now time.Time) (d time.Duration, ok bool) {
	if seconds, err := strconv.ParseUint(header, 10, 64); err == nil {
		return time.Duration(min(seconds, uint64(maxRetryAfter/time.Second))) * time.Second, true
	}
	at, err := http.ParseTime(header)
	if err != nil {
		return 0, false
	}
	return min(max(0, at.Sub(now)), maxRetryAfter), true
}
