package job

import "time"

// Limits and defaults of a single job. Sizes are bytes of the encoded form.
const (
	MaxPayload  = 256 << 10 // one payload
	MaxResult   = 256 << 10 // one result; also all inline parents' results of one job together
	MaxMetadata = 16 << 10  // a job's or workflow's metadata
	MaxError    = 8 << 10   // an error text; longer ones keep their end
	MaxName     = 200       // characters of a job's, queue's or workflow's name

	DefaultMaxAttempts = 3
	MaxGiveBacks       = 10 // claims in a row that no worker took before the job is dead

	DefaultInitialDelay = time.Second
	DefaultMaxDelay     = 5 * time.Minute
	DefaultMultiplier   = 2.0
)
