package cli

import (
	"bufio"
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/output"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/remote"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/pkg/job"
)

func newJobTree(a *app) *cobra.Command {
	depth := 20
	c := &cobra.Command{
		Use:   "tree ID",
		Short: "Show the jobs that a job's handler spawned",
		Long: `tree shows the jobs that the handler of a job added to its workflow, those that
they spawned in turn, and so on.`,
		Example: `  hammerwork job tree 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d71
  hammerwork job tree 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d71 -o json`,
		Args:              oneJob,
		ValidArgsFunction: a.completeJob(),
		RunE: func(c *cobra.Command, args []string) error {
			if depth < 1 {
				return &usageError{fmt.Errorf("--depth %d is not positive", depth), "--depth 1 shows what the job itself spawned"}
			}
			return a.withJob(func(ctx context.Context, client *remote.Client, id string) error {
				return a.spawnTree(ctx, client, id, depth)
			})(c, args)
		},
	}
	c.Flags().IntVar(&depth, "depth", depth, "`number` of generations at most")
	onlyHere(c, "depth")
	a.serverFlags(c)
	a.outputFlag(c)
	return c
}

// maxSpawnTree bounds a tree, which is read job by job.
const maxSpawnTree = 5000

// spawner is a job of a tree and what it spawned.
type spawner struct {
	ID      string     `json:"id"`
	Name    string     `json:"name"`
	Queue   string     `json:"queue"`
	Status  string     `json:"status"`
	More    bool       `json:"more"` // it spawned jobs that are not listed
	Spawned []*spawner `json:"spawned"`
}

func (a *app) spawnTree(ctx context.Context, c *remote.Client, id string, depth int) error {
	j, err := c.Job(ctx, id, false)
	if err != nil {
		return jobError(err, id)
	}
	root := &spawner{ID: j.ID, Name: j.Name, Queue: j.Queue, Status: j.Status, Spawned: []*spawner{}}
	count := 1
	generation := []*spawner{root}
	for ; len(generation) > 0; depth-- {
		var next []*spawner
		for _, s := range generation {
			list, more, err := c.Spawned(ctx, s.ID, min(maxSpawnTree-count, 500))
			if err != nil {
				return err
			}
			if s.More = more || depth == 0 && len(list) > 0; depth == 0 {
				continue
			}
			for _, child := range list {
				s.Spawned = append(s.Spawned, &spawner{ID: child.ID, Name: child.Name, Queue: child.Queue, Status: child.Status, Spawned: []*spawner{}})
			}
			count += len(list)
			next = append(next, s.Spawned...)
		}
		generation = next
	}
	if a.format != output.FormatTable {
		return output.Write(a.out, a.format, root)
	}
	t := treePrinter{out: bufio.NewWriter(a.out), palette: term.Colours(a.out)}
	if term.Is(a.out) {
		t.width, _ = term.Size(a.out)
	}
	t.spawned(root, "", "")
	return t.out.Flush()
}

// spawned writes a job after first, and what it spawned after rest.
func (t *treePrinter) spawned(s *spawner, first, rest string) {
	status := job.Status(s.Status)
	t.line(t.palette.Faint(first) + term.OneLine(s.Name) + "  " + t.palette.Status(status, term.Mark(status)+" "+s.Status))
	for i, child := range s.Spawned {
		if i == len(s.Spawned)-1 && !s.More {
			t.spawned(child, rest+"└─ ", rest+"   ")
		} else {
			t.spawned(child, rest+"├─ ", rest+"│  ")
		}
	}
	if s.More {
		t.line(t.palette.Faint(rest + "└─ … more"))
	}
}
