package job

// Limits of what one attempt spawns.
const (
	MaxSpawned      = 1000
	MaxSpawnedBytes = 256 << 10 // of names, payloads and expressions together
)

// Spawned is a job that the handler of another one adds to the workflow of
// that, in the transaction that completes it. It depends on the spawner, and
// on spawned jobs that it names itself.
type Spawned struct {
	*Job
	Before []string // jobs of the workflow that have not started, by name: they wait for it
}

// Size is what a spawned job counts for MaxSpawnedBytes.
func (s Spawned) Size() int {
	n := len(s.Name) + len(s.Queue) + len(s.Payload) + len(s.Condition) + len(s.TraceID) + len(s.CorrelationID)
	if s.Gate != nil {
		n += len(s.Gate.DefaultPayload)
	}
	for name, cel := range s.With {
		n += len(name) + len(cel)
	}
	for _, d := range s.DependsOn {
		n += len(d.Name) + 16
	}
	for _, b := range s.Before {
		n += len(b)
	}
	return n
}
