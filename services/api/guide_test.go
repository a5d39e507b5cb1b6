package api_test

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/internal/wire"
)

// Every curl command of the guide is sent, in its order.
func TestTheCommandsOfTheGuideWork(t *testing.T) {
	text, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, config(), nil)
	file := fences(string(text), "yaml")[0]
	variables := map[string]string{"API": r.url + "/api/v1"}
	sent := 0
	for _, block := range fences(string(text), "sh") {
		for line := range strings.Lines(block) {
			line = strings.TrimSpace(line)
			if strings.HasPrefix(line, "export ") {
				continue
			}
			sent++
			a := r.curl(line, file, variables)
			if a.status >= http.StatusBadRequest {
				t.Errorf("%s: %d\n%s", line, a.status, a.body)
			}
			var made wire.Created
			if a.status == http.StatusCreated && json.Unmarshal(a.body, &made) == nil {
				name := "ID"
				switch {
				case strings.Contains(line, "/jobs "):
					name = "JOB"
				case strings.Contains(line, "/batches "):
					name = "BATCH"
				}
				variables[name] = made.ID
			}
		}
	}
	if sent < 20 {
		t.Errorf("only %d commands were sent", sent)
	}
}

func TestTheGuideNamesEveryCode(t *testing.T) {
	text, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	_, doc := openapi(t)
	codes := in(doc, "components", "schemas", "Problem", "properties", "code", "enum").([]any)
	for _, code := range codes {
		if !strings.Contains(string(text), "`"+code.(string)+"`") {
			t.Errorf("the guide does not name %s", code)
		}
	}
}

// fences returns the blocks of a kind.
func fences(text, kind string) []string {
	var blocks []string
	for _, part := range strings.Split(text, "```"+kind+"\n")[1:] {
		body, _, _ := strings.Cut(part, "```")
		blocks = append(blocks, body)
	}
	return blocks
}

// curl does what the command line would, as far as the guide needs it.
func (r *rig) curl(line, file string, variables map[string]string) *answer {
	r.t.Helper()
	method, url, body := "", "", ""
	headers := http.Header{}
	words := split(os.Expand(line, func(name string) string { return variables[name] }))
	if len(words) == 0 || words[0] != "curl" {
		r.t.Fatalf("%s is not curl", line)
	}
	for i := 1; i < len(words); i++ {
		next := func() string { i++; return words[i] }
		switch w := words[i]; w {
		case "-s":
		case "-X":
			method = next()
		case "-H":
			name, value, _ := strings.Cut(next(), ": ")
			headers.Set(name, value)
		case "-d":
			body = next()
		case "--data-binary":
			if next() == "@workflow.yaml" {
				body = file
			}
		default:
			if url != "" || strings.HasPrefix(w, "-") {
				r.t.Fatalf("%s: what is %s?", line, w)
			}
			url = w
		}
	}
	if method == "" {
		method = http.MethodGet
		if body != "" {
			method = http.MethodPost
		}
	}
	request, err := http.NewRequestWithContext(r.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header = headers
	if body != "" && headers.Get("Content-Type") == "" {
		headers.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r.send(request)
}

// split takes a line apart as a shell does with words and simple quotes.
func split(line string) []string {
	var words []string
	var word strings.Builder
	quote := rune(0)
	for _, c := range line + " " {
		switch {
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		case c == quote:
			quote = 0
		case c == ' ' && quote == 0:
			if word.Len() > 0 {
				words = append(words, word.String())
			}
			word.Reset()
		default:
			word.WriteRune(c)
		}
	}
	return words
}
