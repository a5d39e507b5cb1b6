package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/wire"
)

// canary is in every hostile body and must be in no answer and no log.
const canary = "c4n4ry"

func TestHostileBodiesAreRefusedQuicklyAndNotRepeated(t *testing.T) {
	r := start(t, config(), nil)
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	bomb := "a0: &a0 [" + canary + "]\n"
	for i := 1; i < 30; i++ {
		bomb += fmt.Sprintf("a%d: &a%d [*a%d, *a%d, *a%d, *a%d]\n", i, i, i-1, i-1, i-1, i-1)
	}
	job := func(field string) string { return `{"queue": "q", "payload": "` + canary + `", ` + field + `}` }
	workflow := func(field string) string {
		return `{"name": "w", "jobs": [{"name": "a", "queue": "q", "payload": "` + canary + `", ` + field + `}]}`
	}
	cases := map[string]string{
		"broken JSON":            `{"queue": "` + canary,
		"trailing data":          `{"queue": "q", "payload": "` + canary + `"} {}`,
		"a comma too much":       `{"queue": "q", "payload": "` + canary + `",}`,
		"a field twice":          job(`"queue": "p"`),
		"a field twice, deep":    job(`"retry": {"jitter": "none", "jitter": "full"}`),
		"an escaped field twice": job(`"\u0071ueue": "p"`),
		"another case":           `{"Queue": "q", "payload": "` + canary + `"}`,
		"an unknown field":       job(`"` + canary[:3] + `": 1`),
		"a payload field twice":  `{"queue": "q", "payload": {"` + canary + `": 1, "` + canary + `": 2}}`,
		"invalid UTF-8":          job(`"name": "` + "\xff\xfe" + `"`),
		"U+0000 raw":             job(`"name": "` + "\x00" + `"`),
		"U+0000 escaped":         job(`"name": "\u0000"`),
		"U+0000 in the queue":    `{"queue": "\u0000", "payload": "` + canary + `"}`,
		"a newline in the queue": `{"queue": "a\nb", "payload": "` + canary + `"}`,
		"a lone surrogate":       job(`"name": "\ud800"`),
		"UTF-16":                 "\xff\xfe{\x00}\x00",
		"a long name":            job(`"name": "` + strings.Repeat("n", 201) + `"`),
		"a long queue":           `{"queue": "` + strings.Repeat("q", 201) + `", "payload": "` + canary + `"}`,
		"deep nesting":           `{"queue": "q", "payload": ` + deep(5_000) + `}`,
		"very deep nesting":      deep(300_000),
		"deep objects":           strings.Repeat(`{"a":`, 100_000),
		"a large number":         job(`"retry": {"max_attempts": 1e999}`),
		"a negative delay":       job(`"delay": "-1s"`),
		"a long duration":        job(`"timeout": "9999999999999h"`),
		"an early time":          job(`"scheduled_at": "0001-01-01T00:00:00Z"`),
		"a wrong type":           `{"queue": ["` + canary + `"]}`,
		"null":                   `null`,
		"a text":                 `"` + canary + `"`,
		"a list":                 `["` + canary + `"]`,
		"many unknown fields":    `{"queue": "q"` + strings.Repeat(`, "`+canary+`": 1`, 20_000) + `}`,
		"prototype":              job(`"__proto__": {"x": 1}`),
	}
	for what, body := range cases {
		began := time.Now()
		for path, body := range map[string]string{"/api/v1/jobs": body, "/api/v1/workflows": `{"name": "w", "jobs": [` + body + `]}`} {
			r.refuses(what, path, body, "application/json")
		}
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("%s took %s", what, took)
		}
	}
	for what, body := range map[string]string{
		"an alias bomb":      bomb + "queue: q\npayload: *a29\n",
		"a merge of itself":  "&a\n<<: *a\nqueue: q\n",
		"several documents":  "queue: q\n---\nqueue: " + canary + "\n",
		"a tag":              "queue: !!python/object:os.system " + canary + "\n",
		"deep flow":          strings.Repeat("[", 50_000),
		"JSON as YAML twice": `{"queue": "q", "queue": "` + canary + `"}`,
		"tabs":               "queue:\tq\n\tpayload: " + canary + "\n",
	} {
		r.refuses(what, "/api/v1/jobs", body, "application/yaml")
	}
	for what, body := range map[string]string{
		"a workflow's unknown field": workflow(`"secret": 1`), "metadata with U+0000": `{"name": "w", "metadata": {"a": "\u0000"}, "jobs": [{"name": "a", "queue": "q"}]}`,
		"metadata that is no object": `{"name": "w", "metadata": "` + canary + `", "jobs": [{"name": "a", "queue": "q"}]}`,
	} {
		r.refuses(what, "/api/v1/workflows", body, "application/json")
	}
	if l := into[wire.List[wire.Job]](r.get("/api/v1/jobs"), http.StatusOK); len(l.Items) != 0 {
		t.Errorf("%d jobs are stored", len(l.Items))
	}
	if strings.Contains(r.log.String(), canary) {
		t.Error("the log has a payload")
	}
}

// refuses checks that a body is refused with a problem that does not repeat
// it.
func (r *rig) refuses(what, path, body, kind string) {
	r.t.Helper()
	a := r.post(path, body, with("Content-Type", kind))
	var p wire.Problem
	if err := json.Unmarshal(a.body, &p); err != nil || a.status != http.StatusUnprocessableEntity && a.status != http.StatusRequestEntityTooLarge {
		r.t.Errorf("%s at %s: %d, %v\n%.300s", what, path, a.status, err, a.body)
		return
	}
	if p.Detail == "" || p.Code == "" || len(a.body) > 64<<10 {
		r.t.Errorf("%s at %s: %d bytes, %.300s", what, path, len(a.body), a.body)
	}
	if strings.Contains(string(a.body), canary) && !strings.HasPrefix(what, "a payload field") && !strings.HasPrefix(what, "many unknown") {
		r.t.Errorf("%s at %s is repeated: %.300s", what, path, a.body)
	}
}

func FuzzBodies(f *testing.F) {
	paths := []string{"/api/v1/jobs", "/api/v1/workflows", "/api/v1/workflows/0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70/cancel", "/api/v1/jobs/x/cancel"}
	kinds := []string{"application/json", "application/yaml"}
	for _, body := range []string{
		pipeline, `{"queue":"q","payload":{"n":1e999,"u":"\ud800\u0000"}}`, `{"grace":"10s"}`, `{"grace":"10s"`, "queue: q\n", "name: w\njobs: [{name: a, queue: q}]\n",
		"", "null", "[[[[", "{}{}", "&a [*a]", "\xff\xfe", `{"queue":"q","scheduled_at":"9999-12-31T23:59:59.999999999Z","delay":"2562047h"}`,
		`{"queue":"q","depends_on":["0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70"],"idempotency_key":"k"}`, `{"name":"w","timeout":"2562047h47m","jobs":[{"name":"a","queue":"q","deadline":"2562047h"}]}`,
	} {
		for i := range paths {
			f.Add(uint8(i), false, "k", []byte(body))
			f.Add(uint8(i), true, "", []byte(body))
		}
	}
	shared := start(f, config(), nil)
	f.Fuzz(func(t *testing.T, path uint8, yaml bool, key string, body []byte) {
		r := &rig{t: t, url: shared.url, client: shared.client}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+paths[int(path)%len(paths)], strings.NewReader(string(body)))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", kinds[0])
		if yaml {
			request.Header.Set("Content-Type", kinds[1])
		}
		if key != "" && !strings.ContainsFunc(key, func(c rune) bool { return c < ' ' || c > '~' }) {
			request.Header.Set("Idempotency-Key", key)
		}
		a := r.send(request)
		var made wire.Created
		if a.status == http.StatusCreated {
			if err := json.Unmarshal(a.body, &made); err != nil {
				t.Fatalf("%v in %s", err, a.body)
			}
			if seen := r.get(a.header.Get("Location")); seen.status != http.StatusOK || !json.Valid(seen.body) {
				t.Errorf("what was created is %d %s", seen.status, seen.body)
			}
			return
		}
		var p wire.Problem
		if err := json.Unmarshal(a.body, &p); err != nil && a.status != http.StatusOK {
			t.Fatalf("%d %v in %s", a.status, err, a.body)
		}
		if a.status >= http.StatusInternalServerError || a.status < http.StatusOK {
			t.Errorf("%d %s for %q", a.status, a.body, body)
		}
	})
}
