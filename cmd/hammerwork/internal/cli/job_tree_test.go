package cli

import (
	"bufio"
	"bytes"
	"testing"
)

func TestATreeShowsWhatEachJobSpawned(t *testing.T) {
	root := &spawner{Name: "scan", Status: "completed", Spawned: []*spawner{
		{Name: "a", Status: "completed", Spawned: []*spawner{{Name: "a1", Status: "running"}}},
		{Name: "b", Status: "failed", More: true},
	}}
	var out bytes.Buffer
	t1 := treePrinter{out: bufio.NewWriter(&out)}
	t1.spawned(root, "", "")
	if err := t1.out.Flush(); err != nil {
		t.Fatal(err)
	}
	want := `scan  ✓ completed
├─ a  ✓ completed
│  └─ a1  ▸ running
└─ b  ✗ failed
   └─ … more
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}
