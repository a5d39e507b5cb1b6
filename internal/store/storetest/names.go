package storetest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

func testNames(t *testing.T, open Opener) {
	check(t, open, "jobs are found by their exact names, in their workflow alone", func(r *rig) {
		plain, upper, long, other := task("load"), task("Load"), task(strings.Repeat("x", job.MaxName)), task("load")
		id := r.enqueueTolerant(plain, upper, long)
		r.enqueueTolerant(other)
		got, err := r.s.JobIDs(r.ctx, id, []string{"load", "load", "LOAD", long.Name, long.Name + "x", "", "nobody", "load ", "größe 🦊 ' \" \\", "a\x00b"})
		r.ok(err, "ids")
		r.equal("ids", fmt.Sprint(got), fmt.Sprint(map[string]job.ID{"load": plain.ID, long.Name: long.ID}))
		got, err = r.s.JobIDs(r.ctx, job.NewID(), []string{"load"})
		r.ok(err, "ids in no workflow")
		r.equal("in no workflow", len(got), 0)
		got, err = r.s.JobIDs(r.ctx, id, nil)
		r.ok(err, "ids of no names")
		r.equal("of no names", len(got), 0)
	})

	check(t, open, "no more names are looked for at once than a page has", func(r *rig) {
		id := r.enqueueTolerant(task("a"))
		names := make([]string, store.MaxPage)
		for i := range names {
			names[i] = fmt.Sprint(i)
		}
		names[store.MaxPage-1] = "a"
		got, err := r.s.JobIDs(r.ctx, id, names)
		r.ok(err, "a page of names")
		r.equal("found", len(got), 1)
		if _, err := r.s.JobIDs(r.ctx, id, append(names, "b")); err == nil {
			r.Errorf("%d names are looked for", len(names)+1)
		}
	})
}
