package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/output"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/remote"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
)

func newWorkflowExport(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "export ID",
		Short: "Write a workflow as a workflow file",
		Long: `export writes the workflow file that makes a workflow again, as YAML, or with
-o json as JSON, which keeps payloads byte for byte: its jobs, dependencies and
settings as they were enqueued, and payloads that a retry replaced as they are now.

Left out are trace ids, the schedule that made it, and jobs that handlers spawned:
when the file is run, they spawn them again. A workflow that waits for jobs
outside of it, or has other things that no file can say, is refused.`,
		Example: `  hammerwork workflow export 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70 > workflow.yaml
  hammerwork workflow export 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70 | hammerwork workflow create --file -
  hammerwork workflow export 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70 -o json`,
		Args:              oneWorkflow,
		ValidArgsFunction: a.completeWorkflow(),
		RunE: func(c *cobra.Command, args []string) error {
			if a.format == output.FormatTable {
				if c.Flags().Changed("output") {
					return &usageError{fmt.Errorf("a workflow file is no table"), "use -o yaml, or -o json"}
				}
				a.format = output.FormatYAML
			}
			return a.withWorkflow(a.exportWorkflow)(c, args)
		},
	}
	a.serverFlags(c)
	c.Flags().VarP(&a.format, "output", "o", "how to write the file: yaml or json")
	c.Flags().Lookup("output").DefValue = "yaml"
	complete(c, "output", string(output.FormatYAML), string(output.FormatJSON))
	return c
}

func (a *app) exportWorkflow(ctx context.Context, client *remote.Client, id string) error {
	file, spawned, err := client.ExportWorkflow(ctx, id)
	if err != nil {
		return workflowError(err, id)
	}
	if spawned > 0 {
		a.say("note:", term.Count(spawned, "spawned job")+" left out; a run of the file spawns them again")
	}
	return closedPipe(output.Write(a.out, a.format, file))
}
