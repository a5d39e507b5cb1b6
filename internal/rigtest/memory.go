package rigtest

import (
	"fmt"
	"os"
	"strings"
)

// PeakMemory returns how much memory of a process was resident at most, in
// bytes; 0 when the system does not tell, or the process has ended.
func PeakMemory(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		var kib int64
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kib); err == nil {
			return kib << 10
		}
	}
	return 0
}
