package bus

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// Partitions is the number of subjects that outcomes are spread over, so that
// each workflow's outcomes meet in one resolver.
const Partitions = 64

// GroupDispatchers and GroupResolvers are queue groups: of all replicas, one
// gets each message.
const (
	GroupDispatchers = "dispatchers"
	GroupResolvers   = "resolvers"
)

const prefix = "hw.v1."

// Subjects, one constructor each. A worker appears only in the last token, so
// that permissions can be given per worker.
func PullSubject(worker string) string      { return prefix + "pull." + token(worker) }
func HeartbeatSubject(worker string) string { return prefix + "heartbeat." + token(worker) }
func FetchSubject(worker string) string     { return prefix + "fetch." + token(worker) }
func DeliverSubject(worker string) string   { return prefix + "deliver." + token(worker) }
func ControlSubject(worker string) string   { return prefix + "control." + token(worker) }
func ReadySubject(queue string) string      { return prefix + "ready." + token(queue) }
func EventSubject(kind string) string       { return prefix + "event." + token(kind) }

// CompletedSubject is where a worker reports outcomes of a partition, to the
// resolver that owns it.
func CompletedSubject(partition int, worker string) string {
	return prefix + "completed." + strconv.Itoa(partition) + "." + token(worker)
}

// AnyCompletedSubject is where a worker reports outcomes of a partition that
// nobody owns, to any resolver.
func AnyCompletedSubject(worker string) string { return prefix + "completed.any." + token(worker) }

// CompletedOf is what the owner of a partition subscribes to.
func CompletedOf(partition int) string { return prefix + "completed." + strconv.Itoa(partition) + ".*" }

// Patterns that services subscribe to.
const (
	AllPulls      = prefix + "pull.*"
	AllHeartbeats = prefix + "heartbeat.*"
	AllFetches    = prefix + "fetch.*"
	AnyCompleted  = prefix + "completed.any.*"
	AllCompleted  = prefix + "completed.*.*"
	AllReady      = prefix + "ready.*"
	AllEvents     = prefix + "event.*"
	CheckEdges    = prefix + "check" // hint: edges wait for CheckEdges
	Timers        = prefix + "timer" // hint: a timer was set that may be due soon
)

// PartitionOf returns the partition of an outcome: its workflow's, or its
// lease's when the job has no workflow.
func PartitionOf(workflow, lease job.ID) int {
	id := workflow
	if id == (job.ID{}) {
		id = lease
	}
	h := fnv.New32a()
	h.Write(id[:])
	return int(h.Sum32() % Partitions)
}

// Parse splits a subject into its kind (pull, deliver, …) and what follows that.
// ok is false for subjects that are not made here, like those of replies.
func Parse(subject string) (kind, rest string, ok bool) {
	if rest, ok = strings.CutPrefix(subject, prefix); ok {
		kind, rest, _ = strings.Cut(rest, ".")
	}
	return kind, rest, ok
}

// token makes any text one subject token: letters, digits, - and _ stay, other
// bytes become =XX. Different texts give different tokens.
func token(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "=%02X", c)
		}
	}
	if b.Len() == 0 {
		return "=" // a token is never empty
	}
	return b.String()
}
