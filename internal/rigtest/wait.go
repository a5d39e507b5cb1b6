package rigtest

import (
	"flag"
	"testing"
	"time"
)

// Until waits for a state that nothing announces. It asks again and again, with
// a pause: what it waits for needs the processor, too.
func Until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	pause := time.NewTicker(10 * time.Millisecond)
	defer pause.Stop()
	for late := time.Now().Add(Patience); !ok(); <-pause.C {
		if time.Now().After(late) {
			t.Fatalf("it never came true: %s", what)
		}
	}
}

// Waiting runs more parallel tests of a package at once than there are cores,
// unless -parallel says how many: for those that mostly wait. TestMain calls it.
func Waiting() {
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
}
