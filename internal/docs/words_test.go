package docs

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/pkg/workflow/workflowfile"
)

func TestTheLifecycleNamesEveryStatusAndReason(t *testing.T) {
	d := read(t, "docs/job-lifecycle.md")
	for _, words := range []struct{ dir, typ string }{
		{"pkg/job", "Status"},
		{"pkg/job", "DependencyStatus"},
		{"pkg/job", "Reason"},
		{"pkg/job", "Kind"},
		{"pkg/workflow", "EdgeState"},
		{"pkg/workflow", "Status"},
		{"pkg/workflow", "FailurePolicy"},
	} {
		list := values(t, words.dir, words.typ)
		if len(list) < 3 {
			t.Errorf("%s: only %d constants of type %s were found", words.dir, len(list), words.typ)
		}
		for _, w := range list {
			if !d.names(w) {
				t.Errorf("%s does not name the %s %s", d.path, words.typ, w)
			}
		}
	}
}

func TestTheArchitectureNamesEveryTable(t *testing.T) {
	d := read(t, "docs/architecture.md")
	files, err := filepath.Glob(filepath.Join(root, "migrations/sqlite/*.sql"))
	if err != nil {
		t.Fatal(err)
	}
	var schema []byte
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		schema = append(schema, text...)
	}
	tables := regexp.MustCompile(`CREATE (?:TABLE|VIEW) IF NOT EXISTS (\w+)`).FindAllStringSubmatch(string(schema), -1)
	if len(tables) < 10 {
		t.Fatalf("only %d tables were found", len(tables))
	}
	for _, m := range tables {
		if !d.names(m[1]) {
			t.Errorf("%s does not name the table %s", d.path, m[1])
		}
	}
}

func TestTheArchitectureNamesEverySubject(t *testing.T) {
	d := read(t, "docs/architecture.md")
	source, err := os.ReadFile(filepath.Join(root, "internal/bus/subject.go"))
	if err != nil {
		t.Fatal(err)
	}
	subjects := regexp.MustCompile(`prefix \+ "(\w+)`).FindAllStringSubmatch(string(source), -1)
	if len(subjects) < 10 {
		t.Fatalf("only %d subjects were found", len(subjects))
	}
	for _, m := range subjects {
		if !strings.Contains(d.text, "| `hw.v1."+m[1]) {
			t.Errorf("%s does not name the subject hw.v1.%s", d.path, m[1])
		}
	}
}

func TestTheReferenceOfWorkflowFilesNamesEveryField(t *testing.T) {
	d := read(t, "docs/workflow-files.md")
	type object struct {
		Properties map[string]json.RawMessage `json:"properties"`
	}
	var schema struct {
		object
		Defs map[string]object `json:"$defs"`
	}
	if err := json.Unmarshal(workflowfile.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	objects := []object{schema.object}
	for _, o := range schema.Defs {
		objects = append(objects, o)
	}
	found := 0
	for _, o := range objects {
		for field := range o.Properties {
			found++
			if !d.names(field) {
				t.Errorf("%s does not name the field %s", d.path, field)
			}
		}
	}
	if found < 30 {
		t.Errorf("the schema has only %d fields", found)
	}
}
