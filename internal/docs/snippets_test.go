package docs

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/workflowfile"
)

// A block of yaml or json is a whole file that is valid. One with the word
// fault is not: the block after it holds the report, a line and its hint each.
func TestEveryWorkflowFileInADocumentIsWhatTheTextSays(t *testing.T) {
	valid, faulty := 0, 0
	for _, d := range documents(t) {
		for i, f := range d.fences {
			format, kind, _ := strings.Cut(f.info, " ")
			if format != "yaml" && format != "json" {
				continue
			}
			_, err := workflowfile.Parse("workflow."+format, []byte(f.body), workflowfile.Options{})
			switch kind {
			case "":
				valid++
				if err != nil {
					t.Errorf("%s, block %d: %v", d.path, i+1, err)
				}
			case "fault":
				faulty++
				want := ""
				if i+1 < len(d.fences) {
					want = d.fences[i+1].body
				}
				if got := reported(err); got != want {
					t.Errorf("%s, block %d is reported as\n%swant\n%s", d.path, i+1, got, want)
				}
			default:
				t.Errorf("%s, block %d: %s is not known", d.path, i+1, f.info)
			}
		}
	}
	if valid < 4 || faulty < 3 {
		t.Errorf("only %d valid and %d faulty files were found", valid, faulty)
	}
}

// reported writes the faults of a file as the documents show them.
func reported(err error) string {
	var e *workflow.Error
	if !errors.As(err, &e) {
		return fmt.Sprintf("%v\n", err)
	}
	var b strings.Builder
	for _, f := range e.Faults {
		fmt.Fprintf(&b, "%v\n", &workflow.Error{File: e.File, Faults: []workflow.Fault{f}})
		if f.Hint != "" {
			fmt.Fprintf(&b, "  hint: %s\n", f.Hint)
		}
	}
	return b.String()
}
