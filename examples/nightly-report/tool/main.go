// Command nightly-report adds up orders, one step at a time: each subcommand is
// one kind of job of the workflow beside it. A step reads its job as JSON from
// standard input, finds the results of the steps before it in the file that
// HAMMERWORK_PARENTS_FILE names, and writes its own result to standard output.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
)

const usage = `usage: nightly-report STEP
  regions       list the regions of the orders
  total         add up the orders of one region, the item of the job
  report        join the totals into one text
  publish FILE  write the report to FILE`

// job is what a step reads of its job.
type job struct {
	Payload struct {
		Orders string `json:"orders"` // the file of the orders
		Item   string `json:"item"`   // the region of a total
	} `json:"payload"`
}

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Getenv("HAMMERWORK_PARENTS_FILE"), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run does one step.
func run(args []string, stdin io.Reader, parentsFile string, stdout io.Writer) error {
	if len(args) < 1 || len(args) > 2 || (args[0] == "publish") != (len(args) == 2) {
		return fmt.Errorf("%s", usage)
	}
	var j job
	if err := json.NewDecoder(stdin).Decode(&j); err != nil {
		return fmt.Errorf("standard input: %w; this step runs as a job of workflow.yaml", err)
	}
	var result any
	var err error
	switch args[0] {
	case "regions":
		result, err = regions(j.Payload.Orders)
	case "total":
		result, err = total(j.Payload.Orders, j.Payload.Item)
	case "report":
		result, err = report(parentsFile)
	case "publish":
		result, err = publish(parentsFile, args[1])
	default:
		return fmt.Errorf("%s", usage)
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(stdout).Encode(result)
}
