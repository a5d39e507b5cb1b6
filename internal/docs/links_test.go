package docs

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	link     = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	headings = regexp.MustCompile(`(?m)^#+ (.+)$`)
	notSlug  = regexp.MustCompile(`[^\p{L}\p{N}\- _]`)
)

func TestEveryLinkBetweenDocumentsResolves(t *testing.T) {
	for _, d := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(code.ReplaceAllString(d.text, ""), -1) {
			if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
				continue
			}
			target, anchor, _ := strings.Cut(m[1], "#")
			to := path.Join(path.Dir(d.path), target)
			if target == "" {
				to = d.path
			}
			if _, err := os.Stat(filepath.Join(root, to)); err != nil {
				t.Errorf("%s links to %s, which does not exist", d.path, m[1])
				continue
			}
			if anchor != "" && !slices.Contains(anchors(read(t, to)), anchor) {
				t.Errorf("%s links to %s, but %s has no such heading", d.path, m[1], to)
			}
		}
	}
}

// anchors returns the names that GitHub gives the headings of a document.
func anchors(d document) []string {
	var list []string
	for _, m := range headings.FindAllStringSubmatch(d.text, -1) {
		slug := notSlug.ReplaceAllString(strings.ToLower(m[1]), "")
		list = append(list, strings.ReplaceAll(slug, " ", "-"))
	}
	return list
}

// place is a path in backticks that begins with a folder of ours.
var place = regexp.MustCompile(`^(cmd|docs|examples|internal|migrations|pkg|scripts|sdk|services|sim|\.ci)/[\w./-]*$`)

func TestEveryPlaceInTheRepositoryThatIsNamedExists(t *testing.T) {
	found := 0
	for _, d := range documents(t) {
		if d.path == "CHANGELOG.md" {
			continue // it also tells of what is gone
		}
		for _, p := range quoted(d.text) {
			if !place.MatchString(p) {
				continue
			}
			found++
			if _, err := os.Stat(filepath.Join(root, p)); err != nil {
				t.Errorf("%s names %s, which does not exist", d.path, p)
			}
		}
	}
	if found == 0 {
		t.Error("no document names a place; the test looks for the wrong thing")
	}
}

var target = regexp.MustCompile(`\bmake ([a-z0-9]+)\b`)

func TestEveryMakeTargetThatIsNamedExists(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, d := range documents(t) {
		commands := quoted(d.text)
		for _, f := range d.fences {
			commands = append(commands, f.body)
		}
		for _, c := range commands {
			for _, m := range target.FindAllStringSubmatch(c, -1) {
				found++
				if !strings.Contains("\n"+string(makefile), "\n"+m[1]+":") {
					t.Errorf("%s names make %s; the Makefile has no such target", d.path, m[1])
				}
			}
		}
	}
	if found == 0 {
		t.Error("no document names a target; the test looks for the wrong thing")
	}
}
