package output_test

import (
	"bytes"
	"testing"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/output"
)

func TestAListWrittenItemByItemIsTheListWrittenAtOnce(t *testing.T) {
	type list struct {
		Items      []example `json:"items"`
		NextCursor string    `json:"next_cursor"`
	}
	for _, format := range []output.Format{output.FormatJSON, output.FormatYAML} {
		for n := range 4 {
			whole := list{Items: []example{}, NextCursor: `a"b`}
			var got, want bytes.Buffer
			l := output.NewList(&got, format)
			for range n {
				whole.Items = append(whole.Items, value)
				if err := l.Item(value); err != nil {
					t.Fatal(err)
				}
			}
			if err := l.End(whole.NextCursor); err != nil {
				t.Fatal(err)
			}
			if err := output.Write(&want, format, whole); err != nil {
				t.Fatal(err)
			}
			if got.String() != want.String() {
				t.Errorf("%s, %d items: got\n%swant\n%s", format, n, got.String(), want.String())
			}
		}
	}
}
