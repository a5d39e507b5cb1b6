package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/internal/history"
)

// historyFlag is the flag for a history of what a process does.
type historyFlag struct{ dir string }

func (h *historyFlag) add(c *cobra.Command) {
	c.Flags().StringVar(&h.dir, "history-dir", "", "write what happens, without payloads and results, into a file in this `folder`; for debugging")
	_ = c.MarkFlagDirname("history-dir") // it only fails for flags that do not exist
}

// open returns the recorder of a process, named by what it is and its name,
// else its number; nil when no history is asked for.
func (h *historyFlag) open(what, name string) (*history.Recorder, error) {
	if h.dir == "" {
		return nil, nil
	}
	if name == "" {
		name = fmt.Sprint(os.Getpid())
	}
	r, err := history.Open(h.dir, what+"-"+name)
	if err != nil {
		return nil, &hintError{fmt.Errorf("--history-dir %s: %w", h.dir, err), "give a folder that this process may write to"}
	}
	return r, nil
}
