package cli

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/output"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/remote"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
)

func newDependencies(a *app) *cobra.Command {
	var tree bool
	var depth int
	c := &cobra.Command{
		Use:   "dependencies JOB",
		Short: "Show what a job waits for, and what waits for it",
		Long: `dependencies shows the direct parents and children of a job. With --tree it
shows all of its ancestors as a tree; one that several jobs wait for is followed
once.`,
		Example: `  hammerwork workflow dependencies 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d71
  hammerwork workflow dependencies 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d71 --tree`,
		Args:              oneJob,
		ValidArgsFunction: a.completeJob(),
		RunE: func(c *cobra.Command, args []string) error {
			if depth < 1 {
				return &usageError{fmt.Errorf("--depth %d is not positive", depth), "--depth 1 shows the parents"}
			}
			return a.withJob(func(ctx context.Context, client *remote.Client, id string) error {
				if tree {
					return a.ancestorTree(ctx, client, id, depth)
				}
				return a.dependencyTable(ctx, client, id)
			})(c, args)
		},
	}
	c.Flags().BoolVar(&tree, "tree", false, "all ancestors, as a tree")
	c.Flags().IntVar(&depth, "depth", 20, "`number` of generations of the tree at most")
	onlyHere(c, "tree", "depth")
	a.serverFlags(c)
	a.outputFlag(c)
	return c
}

func (a *app) dependencyTable(ctx context.Context, c *remote.Client, id string) error {
	d, err := c.Dependencies(ctx, id)
	if err != nil {
		return jobError(err, id)
	}
	if a.format != output.FormatTable {
		return output.Write(a.out, a.format, d)
	}
	if len(d.Parents)+len(d.Children) == 0 {
		if !a.quiet {
			a.say("note:", "the job waits for nothing, and nothing waits for it")
		}
		return nil
	}
	width := 0
	if term.Is(a.out) {
		width, _ = term.Size(a.out)
	}
	if err := dependencyTable(d, term.Colours(a.out)).Write(a.out, term.Colours(a.out), width); err != nil {
		return err
	}
	if d.More && !a.quiet {
		a.say("note:", "there are more than are listed")
	}
	return nil
}

// dependencyTable has a line an edge.
func dependencyTable(d wire.Dependencies, p term.Palette) output.Table {
	t := output.Table{
		Header: []string{"RELATION", "STATUS", "EDGE", "ON", "ID", "NAME"},
		Drop:   []int{3, 2}, Least: 16,
	}
	add := func(relation string, list []wire.Dependency) {
		for _, e := range list {
			on := e.On
			if e.Optional {
				on += ", optional"
			}
			t.Rows = append(t.Rows, []output.Cell{
				output.Text(relation), statusCell(p, job.Status(e.Status)), output.Text(e.State), output.Text(on),
				output.Text(e.ID), output.Text(term.OneLine(e.Name)),
			})
		}
	}
	add("parent", d.Parents)
	add("child", d.Children)
	return t
}

// maxAncestors bounds a tree, so that a huge graph is not read job by job.
const maxAncestors = 1000

// ancestor is a job of a tree and what it waits for.
type ancestor struct {
	ID       string      `json:"id"`
	Name     string      `json:"name"`
	Queue    string      `json:"queue"`
	Status   string      `json:"status"`
	On       string      `json:"on"`       // of its edge; "" at the root
	Optional bool        `json:"optional"` // its edge
	State    string      `json:"state"`    // of its edge; "" at the root
	Repeated bool        `json:"repeated"` // its parents are listed where it stands first
	More     bool        `json:"more"`     // it has parents that are not listed
	Parents  []*ancestor `json:"parents"`
}

// ancestors reads a tree, one generation after the other, each job once.
func ancestors(ctx context.Context, c *remote.Client, root *ancestor, depth int) error {
	known := map[string]bool{root.ID: true}
	generation := []*ancestor{root}
	for ; len(generation) > 0; depth-- {
		var next []*ancestor
		for _, a := range generation {
			d, err := c.Dependencies(ctx, a.ID)
			if err != nil {
				return err
			}
			a.More = len(d.Parents) > 0 && (depth == 0 || d.More)
			for _, e := range d.Parents {
				if depth == 0 || len(known) >= maxAncestors {
					a.More = true
					break
				}
				parent := &ancestor{
					ID: e.ID, Name: e.Name, Queue: e.Queue, Status: e.Status, On: e.On, Optional: e.Optional, State: e.State,
					Repeated: known[e.ID], Parents: []*ancestor{},
				}
				a.Parents = append(a.Parents, parent)
				if !parent.Repeated {
					known[e.ID] = true
					next = append(next, parent)
				}
			}
		}
		generation = next
	}
	return nil
}

func (a *app) ancestorTree(ctx context.Context, c *remote.Client, id string, depth int) error {
	j, err := c.Job(ctx, id, false)
	if err != nil {
		return jobError(err, id)
	}
	root := &ancestor{ID: j.ID, Name: j.Name, Queue: j.Queue, Status: j.Status, Parents: []*ancestor{}}
	if err := ancestors(ctx, c, root, depth); err != nil {
		return err
	}
	if a.format != output.FormatTable {
		return output.Write(a.out, a.format, root)
	}
	t := treePrinter{out: bufio.NewWriter(a.out), palette: term.Colours(a.out)}
	if term.Is(a.out) {
		t.width, _ = term.Size(a.out)
	}
	t.print(root, "", "")
	return t.out.Flush()
}

type treePrinter struct {
	out     *bufio.Writer
	palette term.Palette
	width   int // columns; 0: nothing is cut
}

// print writes a job after first, and all below it after rest.
func (t *treePrinter) print(a *ancestor, first, rest string) {
	s := job.Status(a.Status)
	line := t.palette.Faint(first) + term.OneLine(a.Name) + "  " + t.palette.Status(s, term.Mark(s)+" "+a.Status)
	var notes []string
	if a.On != "" && a.On != string(job.OnSuccess) {
		notes = append(notes, "on "+a.On)
	}
	if a.Optional {
		notes = append(notes, "optional")
	}
	if a.Repeated {
		notes = append(notes, "see above")
	}
	if len(notes) > 0 {
		line += "  " + t.palette.Faint("("+strings.Join(notes, ", ")+")")
	}
	t.line(line)
	for i, p := range a.Parents {
		if i == len(a.Parents)-1 && !a.More {
			t.print(p, rest+"└─ ", rest+"   ")
		} else {
			t.print(p, rest+"├─ ", rest+"│  ")
		}
	}
	if a.More {
		t.line(t.palette.Faint(rest + "└─ … more"))
	}
}

func (t *treePrinter) line(s string) {
	if t.width > 0 {
		s = term.Fit(s, t.width)
	}
	_, _ = t.out.WriteString(s + "\n") // its error comes up at the flush
}
