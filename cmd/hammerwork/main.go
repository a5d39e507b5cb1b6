// Command hammerwork runs, checks and shows workflows of jobs.
package main

import (
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // time zones where the machine has none

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/cli"
)

func main() {
	// A reader of the output that goes away must not end a run half way, which
	// would leave its data behind. Caught, not ignored: the programs of jobs
	// would inherit that.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
