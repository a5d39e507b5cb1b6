// Command hammerwork runs, checks and shows workflows of jobs.
package main

import (
	"os"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
