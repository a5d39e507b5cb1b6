// Command stdlib-report measures the source of the Go standard library, one
// step at a time: each subcommand is one kind of job of the workflow beside
// it. A step finds the results of the steps before it in the JSON file that
// HAMMERWORK_PARENTS_FILE names and writes its own result to stdout.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
)

const usage = `usage: stdlib-report STEP
  split             list the packages and share them out to groups
  analyse GROUP     parse the packages of a group
  area TITLE        join the groups that are its parents
  overview, imports, functions, docs, tests, curiosities
                    look at all areas from one side
  report [FILE]     join everything into one text; also write it to FILE`

func main() {
	if err := run(os.Args[1:], os.Getenv("HAMMERWORK_PARENTS_FILE"), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// sections are the steps that look at all areas, in the report's order.
var sections = []struct {
	step string
	make func([]Package, []Area) Section
}{
	{"overview", overview},
	{"imports", imports},
	{"functions", functions},
	{"docs", docs},
	{"tests", tests},
	{"curiosities", curiosities},
}

// run does one step.
func run(args []string, parentsFile string, stdout io.Writer) error {
	step, arg := "", ""
	switch len(args) {
	case 2:
		step, arg = args[0], args[1]
	case 1:
		step = args[0]
	}
	needsArg := step == "analyse" || step == "area"
	if needsArg != (arg != "") && step != "report" {
		return fmt.Errorf("%s", usage)
	}
	if step == "split" {
		plan, err := split()
		if err != nil {
			return err
		}
		return json.NewEncoder(stdout).Encode(plan)
	}
	parents, err := readParents(parentsFile)
	if err != nil {
		return err
	}
	switch step {
	case "analyse":
		var plan Plan
		if err := parents.read("split", &plan); err != nil {
			return err
		}
		group, err := analyse(plan, arg)
		if err != nil {
			return err
		}
		return json.NewEncoder(stdout).Encode(group)
	case "area":
		groups, err := readAll[Group](parents)
		if err != nil {
			return err
		}
		return json.NewEncoder(stdout).Encode(join(arg, groups))
	case "report":
		text, err := report(parents)
		if err != nil {
			return err
		}
		if arg != "" {
			if err := os.WriteFile(arg, []byte(text), 0o644); err != nil {
				return err
			}
		}
		_, err = io.WriteString(stdout, text)
		return err
	}
	for _, s := range sections {
		if s.step == step {
			areas, err := readAll[Area](parents)
			if err != nil {
				return err
			}
			return json.NewEncoder(stdout).Encode(s.make(packagesOf(areas), areas))
		}
	}
	return fmt.Errorf("%s", usage)
}
