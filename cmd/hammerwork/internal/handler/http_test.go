package handler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/sdk/worker"
)

// serve starts a server for the test and returns its URL.
func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// urlJob returns a job for a URL.
func urlJob(url string) *worker.Job { return testJob(fmt.Sprintf(`{"url": %q, "order": 17}`, url)) }

func TestHTTPPostsTheJob(t *testing.T) {
	var method, path string
	var header http.Header
	var body map[string]any
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		method, path, header = r.Method, r.URL.String(), r.Header
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			w.WriteHeader(http.StatusBadRequest)
		}
	})
	j := urlJob(url + "/work?key=1")
	got, err := HTTP(HTTPConfig{})(t.Context(), j)
	wantResult(t, got, err, `null`)
	if method != "POST" || path != "/work?key=1" {
		t.Errorf("the request was %s %s", method, path)
	}
	if !reflect.DeepEqual(body, wantJobJSON(j)) {
		t.Errorf("the body was %v", body)
	}
	for name, want := range map[string]string{
		"Content-Type":             "application/json",
		"Traceparent":              j.TraceParent,
		"X-Hammerwork-Job-Id":      j.ID().String(),
		"X-Hammerwork-Attempt":     "1",
		"X-Hammerwork-Workflow-Id": j.WorkflowID.String(),
	} {
		if got := header.Get(name); got != want {
			t.Errorf("header %s is %q, want %q", name, got, want)
		}
	}
}

func TestHTTPReturnsTheReply(t *testing.T) {
	for _, c := range []struct {
		status      int
		reply, want string
	}{
		{200, `{"rows": 3}`, `{"rows": 3}`},
		{201, ` [1] `, `[1]`},
		{200, "created\n", `{"body": "created\n"}`},
		{200, " \n", `null`},
		{204, "", `null`},
	} {
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.reply)
		})
		got, err := HTTP(HTTPConfig{})(t.Context(), urlJob(url))
		wantResult(t, got, err, c.want)
	}
}

func TestHTTPUsesTheConfiguredURLForAPayloadWithoutOne(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "%q", r.URL.Path) })
	h := HTTP(HTTPConfig{URL: url + "/default"})
	got, err := h(t.Context(), testJob(`{"order": 17}`))
	wantResult(t, got, err, `"/default"`)
	got, err = h(t.Context(), urlJob(url+"/own"))
	wantResult(t, got, err, `"/own"`)
}

func TestHTTPTellsErrorsThatLastFromThoseThatPass(t *testing.T) {
	for _, c := range []struct {
		status    int
		permanent bool
	}{
		{400, true},
		{401, true},
		{404, true},
		{409, true},
		{422, true},
		{408, false},
		{429, false},
		{500, false},
		{502, false},
		{503, false},
		{304, false},
	} {
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.status)
			if c.status != 304 {
				_, _ = io.WriteString(w, "the cause: \xff"+strings.Repeat(".", 1<<20))
			}
		})
		_, err := HTTP(HTTPConfig{})(t.Context(), urlJob(url+"/work?token=secret"))
		wantError(t, err, c.permanent, fmt.Sprint(c.status), "/work")
		if c.status != 304 {
			wantError(t, err, c.permanent, "the cause: \uFFFD")
		}
		if text := err.Error(); len(text) > job.MaxError || strings.Contains(text, "secret") {
			t.Errorf("the error has %d bytes: %.200s", len(text), text)
		}
		if isRetryAfter(err) {
			t.Errorf("%d without Retry-After chose a delay", c.status)
		}
	}
}

func TestHTTPWaitsAsLongAsABusyServerAsks(t *testing.T) {
	for status, want := range map[int]bool{429: true, 503: true, 500: false, 400: false} {
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(status)
		})
		_, err := HTTP(HTTPConfig{})(t.Context(), urlJob(url))
		if isRetryAfter(err) != want {
			t.Errorf("%d: the server's delay counts: %t, want %t", status, !want, want)
		}
	}
}

func TestRetryAfterIsSecondsOrADateWithinADay(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"0":                             0,
		"120":                           2 * time.Minute,
		"18446744073709551615":          maxRetryAfter,
		"Fri, 02 Jan 2026 03:05:05 GMT": time.Minute,
		"Fri, 02 Jan 2026 03:00:00 GMT": 0,
		"Fri, 02 Jan 2099 03:00:00 GMT": maxRetryAfter,
	} {
		if d, ok := retryAfter(header, now); !ok || d != want {
			t.Errorf("%q is %s, %t; want %s", header, d, ok, want)
		}
	}
	for _, header := range []string{"", "soon", "-1", "1.5", "99999999999999999999999"} {
		if d, ok := retryAfter(header, now); ok {
			t.Errorf("%q was understood as %s", header, d)
		}
	}
}

func TestHTTPRefusesAReplyThatIsTooLarge(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("x", job.MaxResult+1))
	})
	_, err := HTTP(HTTPConfig{})(t.Context(), urlJob(url))
	wantError(t, err, true, "the result has over")
}

func TestHTTPRefusesAPayloadWithoutAProperURLForGood(t *testing.T) {
	for payload, want := range map[string]string{
		`{}`:                              "payload.url is missing",
		`null`:                            "payload.url is missing",
		`{"url": ""}`:                     "payload.url is missing",
		`{"url": null}`:                   "not a string",
		`{"url": 5}`:                      "not a string",
		`{"url": "example.com/x"}`:        "not valid",
		`{"url": "/x"}`:                   "not valid",
		`{"url": "file:///etc/passwd"}`:   "not valid",
		`{"url": "http://:80/"}`:          "not valid",
		`{"url": "http://a b/?s=secret"}`: "not valid",
	} {
		_, err := HTTP(HTTPConfig{})(t.Context(), testJob(payload))
		wantError(t, err, true, want)
	}
}

func TestHTTPFollowsRedirectsThatKeepThePost(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/new" {
			b, _ := io.ReadAll(r.Body)
			fmt.Fprintf(w, `["%s", %t]`, r.Method, json.Valid(b))
			return
		}
		http.Redirect(w, r, "/new", http.StatusPermanentRedirect)
	})
	got, err := HTTP(HTTPConfig{})(t.Context(), urlJob(url))
	wantResult(t, got, err, `["POST", true]`)
}

func TestHTTPRefusesOtherRedirectsForGood(t *testing.T) {
	elsewhere := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the job went to another host") })
	for _, c := range []struct {
		status   int
		to, want string
	}{
		{307, elsewhere, "to another host"},
		{301, "/next", "would turn the POST into a GET"},
		{303, "/next", "would turn the POST into a GET"},
		{307, "/again", "more than 3 in a row"},
	} {
		requests := 0
		url := serve(t, func(w http.ResponseWriter, r *http.Request) {
			requests++
			http.Redirect(w, r, c.to, c.status)
		})
		_, err := HTTP(HTTPConfig{})(t.Context(), urlJob(url))
		wantError(t, err, true, "redirect refused", c.want)
		if requests > 1+maxRedirects {
			t.Errorf("%d requests were made", requests)
		}
	}
}

func TestHTTPRetriesWhenNobodyAnswers(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	url := server.URL
	server.Close()
	_, err := HTTP(HTTPConfig{})(t.Context(), urlJob(url+"/?token=secret"))
	wantError(t, err, false, "connect")
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("the error quotes the query: %v", err)
	}
}

func TestHTTPStopsWaitingWhenItsContextEnds(t *testing.T) {
	for name, h := range map[string]func(http.ResponseWriter){
		"for the reply":     func(http.ResponseWriter) {},
		"for the end of it": func(w http.ResponseWriter) { fmt.Fprint(w, `{"a`); w.(http.Flusher).Flush() },
	} {
		t.Run(name, func(t *testing.T) {
			arrived := make(chan struct{})
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				h(w)
				close(arrived)
				<-r.Context().Done()
			})
			ctx, cancel := context.WithCancelCause(t.Context())
			reason := errors.New("a user cancelled the job")
			go func() { <-arrived; cancel(reason) }()
			_, err := HTTP(HTTPConfig{})(ctx, urlJob(url))
			if !errors.Is(err, reason) {
				t.Errorf("error %v does not carry the cause", err)
			}
		})
	}
}
