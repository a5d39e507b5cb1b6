// History judges a history: the files that processes wrote under --history-dir,
// and the final state beside them in final.json, which -database writes first.
// It prints what they say and ends with 1 when a promise was broken.
//
//	go run ./scripts/history -database URL DIR
//	go run ./scripts/history -o json DIR
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/hammerwork/hammerwork/internal/database"
	"github.com/hammerwork/hammerwork/internal/history/check"
	"github.com/hammerwork/hammerwork/internal/history/watch"
	"github.com/hammerwork/hammerwork/internal/store"
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
	url := flags.String("database", "", "take the final state from the database at this `URL`, in which nothing may happen meanwhile")
	flags.Usage = func() {
		fmt.Fprintln(errs, "usage: go run ./scripts/history [-database URL] [-o table|json] DIR")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if flags.NArg() != 1 || *format != "table" && *format != "json" {
		flags.Usage()
		return 2
	}
	report, err := judge(flags.Arg(0), *url)
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

func judge(dir, url string) (check.Report, error) {
	if url == "" {
		return check.Dir(dir)
	}
	ctx := context.Background()
	s, err := database.Open(ctx, url, store.Options{})
	if err != nil {
		return check.Report{}, err
	}
	defer s.Close()
	if err := watch.Save(ctx, dir, s); err != nil {
		return check.Report{}, err
	}
	return check.Dir(dir)
}
