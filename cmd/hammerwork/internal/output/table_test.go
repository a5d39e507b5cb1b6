package output_test

import (
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/output"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
)

func TestColumnsAreAlignedAndTheLastIsCut(t *testing.T) {
	table := output.Table{
		Header: []string{"JOB", "TIME", "NOTE"},
		Right:  []bool{false, true},
		Rows: [][]output.Cell{
			{output.Text("extract"), output.Text("1.2s"), output.Text("")},
			{output.Text("日本"), output.Text("340µs"), output.Text("exit status 2: the file does not exist")},
		},
	}
	var b strings.Builder
	if err := table.Write(&b, term.Palette{}, 30); err != nil {
		t.Fatal(err)
	}
	const want = `JOB       TIME  NOTE
extract   1.2s
日本     340µs  exit status 2…
`
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}
