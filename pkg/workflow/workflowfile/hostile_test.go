package workflowfile

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/pkg/workflow"
)

func TestHostileFilesAreRefused(t *testing.T) {
	bomb := "name: w\na0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
	for i := 1; i < 20; i++ {
		bomb += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i-1), 10), ","))
	}
	tower := "name: w\na0: &a0 [x]\n"
	for i := 1; i < 2000; i++ {
		tower += fmt.Sprintf("a%d: &a%d [*a%d]\n", i, i, i-1)
	}
	var fields []string
	for i := range 3000 {
		fields = append(fields, fmt.Sprintf("k%d: v", i))
	}
	wide := "name: w\na: &a {" + strings.Join(fields, ", ") + "}\nb:\n" + strings.Repeat("  - {<<: *a}\n", 3000)
	tests := []struct{ what, file, text, says string }{
		{"an alias bomb in a payload", "w.yaml", bomb + "jobs: [{name: a, queue: q, payload: *a19}]\n", "more than 262144 bytes"},
		{"an alias bomb in many payloads", "w.yaml", "name: w\nx: &x '" + strings.Repeat("x", 250_000) + "'\njobs:\n" + strings.Repeat("  - {name: a, queue: q, payload: [*x]}\n", 1000), "aliases"},
		{"a tower of aliases", "w.yaml", tower + "jobs: [{name: a, queue: q, payload: *a1999}]\n", "levels"},
		{"a merge bomb", "w.yaml", wide, "values"},
		{"a bomb of workflows", "w.yaml", workflowBomb(6, 100), "too many others"},
		{"a bomb of batches", "w.yaml", "name: w\nx: &x {payloads: [" + strings.Repeat("1,", 1000) + "]}\njobs:\n" + strings.Repeat("  - {name: a, queue: q, batch: *x}\n", 1000), "too many others"},
		{"a tower of workflows", "w.yaml", workflowBomb(11, 1), "more than 8 workflows within each other"},
		{"deep flow", "w.yaml", strings.Repeat("[", 50_000), "levels"},
		{"deep flow objects", "w.yaml", strings.Repeat("{a: ", 50_000), "levels"},
		{"deep lists", "w.yaml", strings.Repeat("- ", 50_000), "levels"},
		{"deep keys", "w.yaml", strings.Repeat("? ", 50_000), "levels"},
		{"many tags", "w.yaml", "a: " + strings.Repeat("!!str ", 50_000) + "x", ""},
		{"many anchors", "w.yaml", "a: " + strings.Repeat("&a ", 50_000) + "x", ""},
		{"deep blocks", "w.yaml", deepBlocks(1500), "levels"},
		{"deep JSON", "w.json", strings.Repeat("[", 5000) + strings.Repeat("]", 5000), "levels"},
		{"very deep JSON", "w.json", strings.Repeat("[", 200_000), "not valid JSON"},
		{"a chain of colons in flow", "w.yaml", "[" + strings.Repeat("x: ", 50_000), "levels"},
		{"one long line of commas", "w.yaml", "a: [" + strings.Repeat(",", 200_000), ""},
		{"one long plain text", "w.yaml", "a: " + strings.Repeat("x: ", 50_000), ""},
		{"long hexadecimal numbers", "w.yaml", "a: 0x" + strings.Repeat("F", 200_000), "no field"},
		{"quotes without end", "w.yaml", "a: \"" + strings.Repeat("\\\"", 200_000), ""},
		{"too many bytes", "w.yaml", strings.Repeat("#", 3_000_001), "at most 3000000"},
	}
	for _, tt := range tests {
		opts := Options{}
		if strings.HasPrefix(tt.says, "at most") {
			opts.MaxBytes = 3_000_000
		}
		_, err := Parse(tt.file, []byte(tt.text), opts)
		var report *workflow.Error
		if !errors.As(err, &report) {
			t.Errorf("%s: got %v", tt.what, err)
			continue
		}
		if text := err.Error(); !strings.Contains(text, tt.says) || len(text) > 20_000 {
			t.Errorf("%s: %d bytes, %.300s", tt.what, len(text), text)
		}
	}
}

func TestTheValuesOfAJSONFileAreCounted(t *testing.T) {
	r := newJSONReader([]byte(`[1, [2, 3], 4]`))
	r.values = maxValues - 5
	if _, err := r.value(0, false, false); err == nil || !strings.Contains(err.Error(), "values") {
		t.Errorf("got %v", err)
	}
}

// workflowBomb is a file of so many workflows within each other, each of so many
// jobs.
func workflowBomb(levels, jobs int) string {
	text := "name: w\nl0: &l0 {jobs: [{name: x, queue: q}]}\n"
	for i := 1; i <= levels; i++ {
		text += fmt.Sprintf("l%d: &l%d {jobs: [", i, i)
		for k := range jobs {
			text += fmt.Sprintf("{name: j%d, workflow: *l%d}, ", k, i-1)
		}
		text += "]}\n"
	}
	return text + fmt.Sprintf("jobs: [{name: a, workflow: *l%d}]\n", levels)
}

func deepBlocks(levels int) string {
	var b strings.Builder
	for i := range levels {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

func TestLargeFilesAreRead(t *testing.T) {
	const jobs = 10_000
	var yaml, json strings.Builder
	yaml.WriteString("name: w\njobs:\n")
	json.WriteString(`{"name":"w","jobs":[`)
	for i := range jobs {
		parent := ""
		if i > 0 {
			parent = fmt.Sprintf("j%d", i-1)
			json.WriteByte(',')
			fmt.Fprintf(&yaml, "  - {name: j%d, queue: q, payload: {n: %d}, depends_on: [%s]}\n", i, i, parent)
			fmt.Fprintf(&json, `{"name":"j%d","queue":"q","payload":{"n":%d},"depends_on":["%s"]}`, i, i, parent)
			continue
		}
		yaml.WriteString("  - {name: j0, queue: q}\n")
		json.WriteString(`{"name":"j0","queue":"q"}`)
	}
	json.WriteString("]}")
	for name, text := range map[string]string{"w.yaml": yaml.String(), "w.json": json.String()} {
		if w := parsed(t, name, text); len(w.Jobs) != jobs {
			t.Errorf("%s: %d jobs", name, len(w.Jobs))
		}
	}
}
