package cli

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/pkg/workflow/graph"
)

func newWorkflow(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "workflow",
		Short:   "Look at workflows",
		Example: "  hammerwork workflow graph --file workflow.yaml",
	}
	c.AddCommand(newGraph(a))
	asGroup(c)
	return c
}

// graphFormats lists what --format takes.
var graphFormats = []string{"text", "dot", "mermaid", "svg", "json"}

func newGraph(a *app) *cobra.Command {
	var file, format string
	c := &cobra.Command{
		Use:   "graph --file FILE",
		Short: "Show which job waits for which",
		Long: `graph draws the jobs of a workflow file and their dependencies: as text for a
terminal, as dot for Graphviz, as a Mermaid diagram, as an SVG picture, or as
JSON. --file - is standard input.`,
		Example: `  hammerwork workflow graph --file workflow.yaml
  hammerwork workflow graph --file workflow.yaml --format svg > workflow.svg
  hammerwork workflow graph --file workflow.yaml --format dot | dot -Tpng > workflow.png`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			hint := "name a workflow file with --file"
			if _, err := os.Stat(args[0]); err == nil {
				hint = fmt.Sprintf("did you mean --file %s?", args[0])
			}
			return &usageError{fmt.Errorf("unexpected argument %q", args[0]), hint}
		},
		RunE: func(c *cobra.Command, _ []string) error {
			if !slices.Contains(graphFormats, format) {
				return &usageError{fmt.Errorf("--format %q: it is one of %s", format, strings.Join(graphFormats, ", ")), seeHelp(c)}
			}
			if file == "" {
				return &usageError{fmt.Errorf("%s needs a workflow file", c.CommandPath()), fmt.Sprintf("like this: %s --file workflow.yaml", c.CommandPath())}
			}
			return a.graph(file, graph.Format(format))
		},
	}
	c.Flags().StringVarP(&file, "file", "f", "", "workflow `file`")
	c.Flags().StringVar(&format, "format", "text", "text, dot, mermaid, svg or json")
	_ = c.MarkFlagFilename("file", "yaml", "yml", "json") // it only fails for flags that do not exist
	complete(c, "format", graphFormats...)
	return c
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
