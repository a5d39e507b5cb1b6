package e2e

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// seedEnv names the seed of a run.
const seedEnv = "HAMMERWORK_E2E_SEED"

// seeded returns a source of choices and its seed.
func seeded(t *testing.T) (*rand.Rand, uint64) {
	t.Helper()
	seed := rand.Uint64N(1_000_000)
	if text := os.Getenv(seedEnv); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("%s is %q; it must be a number", seedEnv, text)
		}
	}
	t.Logf("seed %d; %s=%d makes the same choices", seed, seedEnv, seed)
	return rand.New(rand.NewPCG(seed, 0)), seed
}
