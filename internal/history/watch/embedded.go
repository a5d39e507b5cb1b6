package watch

import "github.com/hammerwork/hammerwork/internal/history"

// SetRecorder sets the recorder of a *worker.Config. The package that owns the
// type provides it.
var SetRecorder func(config any, r *history.Recorder)

// WithHistory returns a worker.Config whose worker records what it does; r may
// be nil.
func WithHistory[Config any](c Config, r *history.Recorder) Config {
	SetRecorder(&c, r)
	return c
}
