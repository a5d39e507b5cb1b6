package job

// Parts are what a job consists of that has no work of its own: it is suspended
// while they run. A workflow.Parts is the only one.
type Parts interface {
	// Name says what they are: batch, map or workflow.
	Name() string
}
