package docs

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// document is a Markdown file of the repository.
type document struct {
	path   string // below the root, with slashes
	text   string // without what is fenced
	fences []fence
}

// fence is a fenced block.
type fence struct {
	info string // what follows the opening marks
	body string
}

// documents reads every Markdown file that is part of the repository.
func documents(t *testing.T) []document {
	t.Helper()
	var all []document
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if p != root && (strings.HasPrefix(name, ".") || name == "bin" || name == "testdata" || name == "node_modules") {
				return fs.SkipDir
			}
			return nil
		}
		if filepath.Ext(name) == ".md" {
			rel, err := filepath.Rel(root, p)
			if err != nil {
				return err
			}
			all = append(all, read(t, filepath.ToSlash(rel)))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// read reads one document by its path below the root.
func read(t *testing.T, path string) document {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	d := document{path: path}
	var text []string
	inside := false
	for line := range strings.Lines(string(data)) {
		info, mark := strings.CutPrefix(line, "```")
		switch {
		case mark && !inside:
			inside = true
			d.fences = append(d.fences, fence{info: strings.TrimSpace(info)})
		case mark:
			inside = false
		case inside:
			d.fences[len(d.fences)-1].body += line
		default:
			text = append(text, line)
		}
	}
	if inside {
		t.Errorf("%s: a fenced block has no end", path)
	}
	d.text = strings.Join(text, "")
	return d
}

// section returns the text from a heading to the next one of its level.
func (d document) section(t *testing.T, heading string) string {
	t.Helper()
	_, rest, found := strings.Cut(d.text, heading+"\n")
	if !found {
		t.Fatalf("%s has no heading %q", d.path, heading)
	}
	level, _, _ := strings.Cut(heading, " ")
	body, _, _ := strings.Cut(rest, "\n"+level+" ")
	return body
}

var code = regexp.MustCompile("`([^`\n]+)`")

// quoted returns what a text has in backticks.
func quoted(text string) []string {
	var list []string
	for _, m := range code.FindAllStringSubmatch(text, -1) {
		list = append(list, m[1])
	}
	return list
}

// names tells whether a document has word in backticks.
func (d document) names(word string) bool { return slices.Contains(quoted(d.text), word) }

func TestTheDocumentsAreFound(t *testing.T) {
	var paths []string
	for _, d := range documents(t) {
		paths = append(paths, d.path)
	}
	for _, p := range []string{"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/architecture.md", "docs/job-lifecycle.md", "docs/workflow-files.md", "examples/README.md"} {
		if !slices.Contains(paths, p) {
			t.Errorf("%s is not among %v", p, paths)
		}
	}
}
