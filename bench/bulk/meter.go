package main

import (
	"bufio"
	"cmp"
	"fmt"
	"maps"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// meter counts the statements of a phase.
type meter struct {
	mu      sync.Mutex
	n       int
	slowest time.Duration
	name    string
	total   map[string]time.Duration
}

func (m *meter) observe(name string, took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.n++
	m.total[name] += took
	if took > m.slowest {
		m.slowest, m.name = took, name
	}
}

// phase runs f and prints what it took.
func (m *meter) phase(what string, f func() error) error {
	m.mu.Lock()
	m.n, m.slowest, m.name, m.total = 0, 0, "", map[string]time.Duration{}
	m.mu.Unlock()
	debug.FreeOSMemory()
	resetPeak()
	began, used := time.Now(), cpu()
	err := f()
	wall, spent := time.Since(began), cpu()-used
	m.mu.Lock()
	defer m.mu.Unlock()
	fmt.Printf("  %-22s %8s (CPU %s)  %6d statements, slowest %7s %s, peak RSS %d MB; most in", what, wall.Round(time.Millisecond), spent.Round(time.Millisecond),
		m.n, m.slowest.Round(time.Millisecond), m.name, peak()>>10)
	names := slices.SortedFunc(maps.Keys(m.total), func(a, b string) int { return cmp.Compare(m.total[b], m.total[a]) })
	for _, name := range names[:min(len(names), 6)] {
		fmt.Printf(" %s %s", name, m.total[name].Round(time.Millisecond))
	}
	fmt.Println()
	return err
}

// resetPeak makes the kernel forget the peak of this process's memory.
func resetPeak() { _ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }

// peak returns the peak of this process's memory in KiB, 0 where the kernel
// does not say.
func peak() (kib int) {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if text, ok := strings.CutPrefix(s.Text(), "VmHWM:"); ok {
			_, _ = fmt.Sscan(text, &kib)
		}
	}
	return kib
}

// cpu returns the time that this process has computed so far.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
