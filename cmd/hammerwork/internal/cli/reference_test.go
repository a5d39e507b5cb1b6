package cli

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

var rewrite = flag.Bool("rewrite", false, "write the reference of the commands anew")

const (
	referencePath = "../../../../docs/cli.md"
	generated     = "<!-- From here on: go test ./cmd/hammerwork/internal/cli -run Reference -rewrite -->\n"
)

func TestTheReferenceOfTheCommandsIsWhatTheySay(t *testing.T) {
	data, err := os.ReadFile(referencePath)
	if err != nil {
		t.Fatal(err)
	}
	intro, got, found := strings.Cut(string(data), generated)
	if !found {
		t.Fatalf("%s has no line %s", referencePath, generated)
	}
	var b strings.Builder
	reference(&b, newRoot(&app{}))
	if *rewrite {
		if err := os.WriteFile(referencePath, []byte(intro+generated+b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(b.String(), got); diff != "" {
		t.Errorf("docs/cli.md is not what the commands say; -rewrite writes it anew (-want +got):\n%s", diff)
	}
}

func TestEveryCommandHasAnExampleThatCallsIt(t *testing.T) {
	each(newRoot(&app{}), func(c *cobra.Command) {
		if c.Short == "" || !strings.Contains(c.Example, strings.TrimSuffix(c.CommandPath(), " help")) {
			t.Errorf("%s: short %q, example %q", c.CommandPath(), c.Short, c.Example)
		}
	})
}

// each calls do for every command that people see, parents first.
func each(c *cobra.Command, do func(*cobra.Command)) {
	do(c)
	for _, child := range c.Commands() {
		if !child.Hidden && child.Name() != "help" && child.Name() != "completion" {
			each(child, do)
		}
	}
}

// reference writes a section for every command that does something.
func reference(b *strings.Builder, root *cobra.Command) {
	each(root, func(c *cobra.Command) {
		if c.Annotations["group"] != "" {
			return
		}
		fmt.Fprintf(b, "\n## %s\n\n%s.\n", c.CommandPath(), c.Short)
		if c.Long != "" {
			fmt.Fprintf(b, "\n%s\n", prose(c.Long))
		}
		fmt.Fprintf(b, "\n```sh\n%s\n```\n", strings.ReplaceAll(strings.TrimPrefix(c.Example, "  "), "\n  ", "\n"))
		var flags []string
		c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
			if f.Hidden || slices.Contains([]string{"help", "server", "token-file", "output"}, f.Name) {
				return
			}
			flags = append(flags, flagLine(f))
		})
		if len(flags) > 0 {
			fmt.Fprintf(b, "\n| flag | says |\n|---|---|\n%s", strings.Join(flags, ""))
		}
	})
}

// prose fences the tables in a help text.
func prose(text string) string {
	var out []string
	inside := false
	for line := range strings.SplitSeq(text, "\n") {
		if table := strings.HasPrefix(line, "  "); table != inside && line != "" {
			out = append(out, map[bool]string{true: "```text", false: "```"}[table])
			if inside = table; !table {
				// The blank line before belongs behind the fence.
				out = append(out[:len(out)-2], "```", "")
			}
		}
		out = append(out, line)
	}
	if inside {
		out = append(out, "```")
	}
	return strings.Join(out, "\n")
}

func flagLine(f *pflag.Flag) string {
	value, usage := pflag.UnquoteUsage(f)
	name := "--" + f.Name
	if f.Shorthand != "" {
		name = "-" + f.Shorthand + ", " + name
	}
	if value != "" {
		name += " " + value
	}
	if d := f.DefValue; d != "" && d != "false" && d != "0" && d != "0s" && d != "[]" {
		usage += fmt.Sprintf(" (default %s)", d)
	}
	return fmt.Sprintf("| `%s` | %s |\n", strings.ReplaceAll(name, "|", `\|`), strings.ReplaceAll(usage, "|", `\|`))
}
