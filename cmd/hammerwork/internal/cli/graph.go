package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/remote"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/pkg/workflow/graph"
)

// graphFormats lists what --format takes.
var graphFormats = []string{"text", "dot", "mermaid", "svg", "json"}

func newGraph(a *app) *cobra.Command {
	var file, format string
	c := &cobra.Command{
		Use:   "graph ID|--file FILE",
		Short: "Show which job waits for which",
		Long: `graph draws the jobs of a workflow and their dependencies: as text for a
terminal, as dot for Graphviz, as a Mermaid diagram, as an SVG picture, or as
JSON. With an id it asks the server, and shows how the jobs stand; with --file
it draws a workflow file and asks nobody. --file - is standard input.`,
		Example: `  hammerwork workflow graph 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70
  hammerwork workflow graph --file workflow.yaml
  hammerwork workflow graph --file workflow.yaml --format svg > workflow.svg
  hammerwork workflow graph --file workflow.yaml --format dot | dot -Tpng > workflow.png`,
		ValidArgsFunction: a.completeWorkflow(),
		RunE: func(c *cobra.Command, args []string) error {
			if !slices.Contains(graphFormats, format) {
				return &usageError{fmt.Errorf("--format %q: it is one of %s", format, strings.Join(graphFormats, ", ")), seeHelp(c)}
			}
			switch {
			case len(args) > 1:
				return &usageError{fmt.Errorf("%s takes one workflow, not %d", c.CommandPath(), len(args)), "call it once for each"}
			case file == "" && len(args) == 0:
				return &usageError{fmt.Errorf("%s needs a workflow", c.CommandPath()), fmt.Sprintf("name one of the server by its id, or a file like this: %s --file workflow.yaml", c.CommandPath())}
			case file != "" && len(args) > 0:
				return &usageError{errors.New("there is an id and a --file"), "leave one of them out"}
			case file != "":
				return a.graph(file, graph.Format(format))
			}
			if _, err := os.Stat(args[0]); err == nil {
				return &usageError{fmt.Errorf("%q is not the id of a workflow", term.OneLine(args[0])), fmt.Sprintf("did you mean --file %s?", args[0])}
			}
			return a.withWorkflow(func(ctx context.Context, c *remote.Client, id string) error {
				out := bufio.NewWriter(a.out)
				if err := c.WorkflowGraph(ctx, id, format, out); err != nil {
					return workflowError(err, id)
				}
				return out.Flush()
			})(c, args)
		},
	}
	c.Flags().StringVarP(&file, "file", "f", "", "workflow `file`")
	c.Flags().StringVar(&format, "format", "text", "text, dot, mermaid, svg or json")
	onlyHere(c, "format")
	_ = c.MarkFlagFilename("file", "yaml", "yml", "json") // it only fails for flags that do not exist
	complete(c, "format", graphFormats...)
	a.fileFlags(c)
	a.serverFlags(c)
	return c
}

// fileFlagOnly refuses arguments, and knows a file that lacks its flag.
func fileFlagOnly(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := "name a workflow file with --file"
	if _, err := os.Stat(args[0]); err == nil {
		hint = fmt.Sprintf("did you mean --file %s?", args[0])
	}
	return &usageError{fmt.Errorf("unexpected argument %q", args[0]), hint}
}

func (a *app) graph(file string, format graph.Format) error {
	w, err := a.load(file, nil)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(a.out)
	if err := graph.Write(out, graph.FromWorkflow(w.Workflow), format); err != nil {
		return fmt.Errorf("draw %s: %w", file, err)
	}
	return out.Flush()
}
