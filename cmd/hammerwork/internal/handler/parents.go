package handler

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"os"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/sdk/worker"
)

// saveParents writes the parents' results to a new file that only this user
// may read.
func saveParents(path string, parents iter.Seq2[worker.Parent, error]) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	return errors.Join(writeParents(w, parents), w.Flush(), f.Close())
}

// writeParents writes {"name": {"id": …, "status": …, "result": …}, …}, one
// parent at a time: all together they may be far larger than one result. It
// stops at the first error of parents and returns it.
func writeParents(w io.Writer, parents iter.Seq2[worker.Parent, error]) error {
	separator := "{"
	for p, err := range parents {
		if err != nil {
			return err
		}
		if len(p.Result) == 0 {
			p.Result = json.RawMessage("null")
		}
		name, err := encode(p.Name)
		if err != nil {
			return err
		}
		value, err := encode(struct {
			ID     job.ID          `json:"id"`
			Status job.Status      `json:"status"`
			Result json.RawMessage `json:"result"`
		}{p.ID, p.Status, p.Result})
		if err != nil {
			return err
		}
		for _, part := range [][]byte{[]byte(separator), name[:len(name)-1], []byte(": "), value[:len(value)-1]} {
			if _, err := w.Write(part); err != nil {
				return err
			}
		}
		separator = ",\n"
	}
	if separator == "{" {
		_, err := io.WriteString(w, "{}\n")
		return err
	}
	_, err := io.WriteString(w, "}\n")
	return err
}
