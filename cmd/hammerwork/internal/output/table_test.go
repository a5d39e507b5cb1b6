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

func TestColumnsAreDroppedUntilTheLastHasRoom(t *testing.T) {
	table := output.Table{
		Header: []string{"ID", "AGE", "QUEUE", "NAME"},
		Drop:   []int{1, 2}, Least: 8,
		Rows: [][]output.Cell{{output.Text("0190b1c2"), output.Text("3m"), output.Text("etl_queue"), output.Text("data_pipeline")}},
	}
	for width, want := range map[int]string{
		0:  "ID        AGE  QUEUE      NAME\n0190b1c2  3m   etl_queue  data_pipeline\n",
		35: "ID        AGE  QUEUE      NAME\n0190b1c2  3m   etl_queue  data_pip…\n",
		30: "ID        QUEUE      NAME\n0190b1c2  etl_queue  data_pip…\n",
		20: "ID        NAME\n0190b1c2  data_pipe…\n",
	} {
		var b strings.Builder
		if err := table.Write(&b, term.Palette{}, width); err != nil {
			t.Fatal(err)
		}
		if b.String() != want {
			t.Errorf("at %d columns: got\n%swant\n%s", width, b.String(), want)
		}
	}
}

func TestATableInPartsHasOneHeaderAndItsColumnsStay(t *testing.T) {
	table := output.Table{Header: []string{"NAME", "STATUS"}}
	var b strings.Builder
	for _, names := range [][]string{{"a-long-name", "b"}, {}, {"c"}} {
		table.Rows = nil
		for _, name := range names {
			table.Rows = append(table.Rows, []output.Cell{output.Text(name), output.Text("ok")})
		}
		if err := table.Page(&b, term.Palette{}, 0); err != nil {
			t.Fatal(err)
		}
	}
	const want = "NAME         STATUS\na-long-name  ok\nb            ok\nc            ok\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}
