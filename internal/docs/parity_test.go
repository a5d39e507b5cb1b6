package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// row is a row of docs/seed-parity.md: its last cell names a file and a text in
// it, an example or a test of that name or a command of a script.
var row = regexp.MustCompile(`(?m)^\| (.+) \| (.*) \| (.*) \|$`)

var proof = regexp.MustCompile("^`([^`]+)` `([^`]+)`$")

// A row whose proof is missing is a promise that nobody keeps.
func TestEveryRowOfTheParityTableNamesAProofThatExists(t *testing.T) {
	page := read(t, "docs/seed-parity.md")
	rows := 0
	for _, m := range row.FindAllStringSubmatch(page.text, -1) {
		if m[1] == "the page" {
			continue
		}
		rows++
		p := proof.FindStringSubmatch(m[3])
		if p == nil {
			t.Errorf("the row %q has no proof: %q", m[1], m[3])
			continue
		}
		file, what := p[1], p[2]
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Errorf("the row %q: %v", m[1], err)
			continue
		}
		if strings.HasPrefix(what, "Example") || strings.HasPrefix(what, "Test") {
			what = "func " + what + "("
		}
		if !strings.Contains(string(text), what) {
			t.Errorf("the row %q: %s has no %s", m[1], file, what)
		}
		if strings.HasPrefix(what, "func Example") && !strings.Contains(body(string(text), what), "// Output:") {
			t.Errorf("the row %q: %s of %s is never run: it has no output", m[1], what, file)
		}
	}
	if rows < 50 {
		t.Errorf("the page has %d rows", rows)
	}
}

// body returns what follows a declaration up to its end.
func body(text, declaration string) string {
	_, rest, _ := strings.Cut(text, declaration)
	b, _, _ := strings.Cut(rest, "\n}\n")
	return b
}
