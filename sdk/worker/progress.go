package worker

import (
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/hammerwork/hammerwork/internal/agent"
	"github.com/hammerwork/hammerwork/internal/service"
)

// maxMessage bounds a message of progress in bytes.
const maxMessage = 500

// progress is what a handler told last of how far it has come. The loop is told
// that there is something new, and reads it when a heartbeat goes out.
type progress struct {
	key  agent.Key
	post func(service.Event)

	mu      sync.Mutex
	percent float64
	message string
	told    bool // the loop knows that there is something new
	ended   bool // the handler has returned
}

func (p *progress) set(percent float64, message string) {
	p.mu.Lock()
	news := !p.told && !p.ended
	p.percent, p.message, p.told = share(percent), head(message, maxMessage), true
	p.mu.Unlock()
	if news {
		p.post(agent.Progressed{Key: p.key, Latest: p.latest})
	}
}

// latest returns what was told last; the next word is news again.
func (p *progress) latest() (percent float64, message string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = false
	return p.percent, p.message
}

func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
}

// share makes what a handler calculated a number from 0 to 100, or -1.
func share(percent float64) float64 {
	if percent >= 0 {
		return min(percent, 100)
	}
	return -1 // less than nothing, or not a number
}

// head makes s valid UTF-8 without U+0000 and keeps its first max bytes.
func head(s string, max int) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	if len(s) <= max {
		return s
	}
	n := max - len("…")
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
