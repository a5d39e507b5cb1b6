//go:build unix

package handler

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/hammerwork/hammerwork/sdk/worker"
)

func TestAutoPicksTheHandlerByThePayload(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `"over http"`)
	}))
	defer server.Close()
	a := Auto(Config{})
	for _, c := range []struct{ payload, want string }{
		{`{"command": ["echo", "1"], "url": "http://ignored.invalid"}`, `1`},
		{fmt.Sprintf(`{"url": %q, "result": 2}`, server.URL), `"over http"`},
		{`{"result": 3}`, `3`},
		{`{"Command": ["false"], "URL": 4}`, `{}`},
		{`"a text"`, `{}`},
		{`null`, `{}`},
		{``, `{}`},
	} {
		got, err := a.Handle(t.Context(), testJob(c.payload))
		wantResult(t, got, err, c.want)
	}
	if n := a.Simulated(); n != 5 {
		t.Errorf("%d attempts were simulated, want 5", n)
	}
}

func TestAutoReportsAFaultyCommandInsteadOfSimulatingIt(t *testing.T) {
	a := Auto(Config{})
	_, err := a.Handle(t.Context(), testJob(`{"command": "make all"}`))
	wantError(t, err, true, "payload.command is not a list of strings", `["echo", "hello"]`)
	_, err = a.Handle(t.Context(), testJob(`{"url": 7}`))
	wantError(t, err, true, "payload.url is not a string")
	if n := a.Simulated(); n != 0 {
		t.Errorf("%d attempts were simulated, want none", n)
	}
}

var _ worker.Handler = (*AutoHandler)(nil).Handle
