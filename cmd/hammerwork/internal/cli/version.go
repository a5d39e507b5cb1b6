package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/output"
)

// release is set by the linker in released binaries (-X …/cli.release=v1.2.3).
var release string

// version is what this binary was built from.
type version struct {
	Version  string `json:"version"`
	Commit   string `json:"commit"` // "": not built from a repository
	Modified bool   `json:"modified"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func readVersion() version {
	v := version{Version: release, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if ok {
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				v.Commit = s.Value
			case "vcs.modified":
				v.Modified = s.Value == "true"
			}
		}
		if v.Version == "" && info.Main.Version != "(devel)" {
			v.Version = info.Main.Version
		}
	}
	if v.Version == "" {
		v.Version = "dev"
	}
	return v
}

func newVersion(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "version",
		Short: "Show the version of this binary",
		Example: `  hammerwork version
  hammerwork version -o json`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return &usageError{fmt.Errorf("%s takes no arguments", c.CommandPath()), seeHelp(c)}
			}
			return nil
		},
		RunE: func(*cobra.Command, []string) error {
			v := readVersion()
			if a.format != output.FormatTable {
				return output.Write(a.out, a.format, v)
			}
			commit := ""
			if v.Commit != "" {
				commit = " " + v.Commit[:min(12, len(v.Commit))]
			}
			_, err := fmt.Fprintf(a.out, "hammerwork %s%s (%s, %s)\n", v.Version, commit, v.Go, v.Platform)
			return err
		},
	}
	a.outputFlag(c)
	return c
}
