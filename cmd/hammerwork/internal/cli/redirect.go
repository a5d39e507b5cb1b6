package cli

import (
	"io"
	"sync"
)

// redirect is a writer whose target can be changed, so that log lines do not
// disturb a live view.
type redirect struct {
	mu sync.Mutex
	to io.Writer
}

func (r *redirect) set(to io.Writer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.to = to
}

// Write writes to the target of the moment.
func (r *redirect) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.to.Write(b)
}
