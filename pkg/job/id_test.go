package job

import (
	"bytes"
	"testing"
	"time"
)

func TestADerivedIDFollowsFromItsTimeItsIndexAndWhatItIsOf(t *testing.T) {
	at := time.UnixMilli(1_700_000_000_123)
	id := DerivedID(at, 3, []byte("a"), []byte("bc"))
	if id != DerivedID(at.Add(time.Microsecond), 3, []byte("a"), []byte("bc")) {
		t.Error("it is another one the second time")
	}
	for what, other := range map[string]ID{
		"the time":               DerivedID(at.Add(time.Millisecond), 3, []byte("a"), []byte("bc")),
		"the index":              DerivedID(at, 4, []byte("a"), []byte("bc")),
		"an index above 20 bits": DerivedID(at, 3+1<<20, []byte("a"), []byte("bc")),
		"where parts end":        DerivedID(at, 3, []byte("ab"), []byte("c")),
	} {
		if id == other {
			t.Errorf("it does not depend on %s", what)
		}
	}
	if id.Version() != 7 || id.Variant() != NewID().Variant() {
		t.Errorf("%s is of version %d and variant %s", id, id.Version(), id.Variant())
	}
	if !IDTime(id).Equal(at) {
		t.Errorf("it begins with %s, not with %s", IDTime(id), at)
	}
}

func TestDerivedIDsOfOneTimeAreInTheOrderOfTheirIndexes(t *testing.T) {
	at := time.UnixMilli(1_700_000_000_123)
	last := DerivedID(at, 0, []byte("a"))
	for i := 1; i < 1<<20; i += 1 + i/7 {
		id := DerivedID(at, i, []byte{byte(i)})
		if bytes.Compare(last[:], id[:]) >= 0 {
			t.Fatalf("%s of %d does not follow %s", id, i, last)
		}
		last = id
	}
}

func TestAnIDBeginsWithTheTimeOfItsMaking(t *testing.T) {
	before := time.Now().Truncate(time.Millisecond)
	at := IDTime(NewID())
	if at.Before(before) || at.After(time.Now().Add(time.Second)) {
		t.Errorf("%s, made after %s", at, before)
	}
}
