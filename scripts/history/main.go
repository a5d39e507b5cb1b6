// History judges a saved history: the files that processes wrote under
// --history-dir, and the final.json beside them. It prints what they say and
// ends with 1 when a promise was broken.
//
//	go run ./scripts/history DIR
//	go run ./scripts/history -o json DIR
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/hammerwork/hammerwork/internal/history/check"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run returns the exit code: 1 for violations, 2 when the history cannot be
// judged.
func run(args []string, out, errs io.Writer) int {
	flags := flag.NewFlagSet("history", flag.ContinueOnError)
	flags.SetOutput(errs)
	format := flags.String("o", "table", "`format` of the output: table or json")
	flags.Usage = func() {
		fmt.Fprintln(errs, "usage: go run ./scripts/history [-o table|json] DIR")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if flags.NArg() != 1 || *format != "table" && *format != "json" {
		flags.Usage()
		return 2
	}
	report, err := check.Dir(flags.Arg(0))
	if err != nil {
		fmt.Fprintln(errs, "error:", err)
		return 2
	}
	if *format == "json" {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		err = e.Encode(report)
	} else {
		err = report.Print(out)
	}
	if err != nil {
		fmt.Fprintln(errs, "error:", err)
		return 2
	}
	if len(report.Violations) > 0 {
		return 1
	}
	return 0
}
