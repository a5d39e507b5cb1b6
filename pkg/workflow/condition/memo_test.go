package condition

import (
	"testing"
)

func TestAMemoChangesNeitherValuesNorDigests(t *testing.T) {
	for _, result := range []string{"", "null", "1", `{"n": [1, 2.0]}`, `{"n": `} {
		memo := &Memo{}
		ask := func(m *Memo) (bool, string, error) {
			in := Inputs{Memo: m}
			in.Add("a", Parent{Status: "completed", Result: []byte(result)})
			yes, err := in.Ask("deps.a.result == {'n': [1, 2.0]}")
			return yes, in.Digest(), err
		}
		yes, digest, err := ask(nil)
		for range 2 {
			if y, d, e := ask(memo); y != yes || (e == nil) != (err == nil) || d != digest {
				t.Errorf("of %q a memo makes %v, %v", result, y, e)
			}
		}
	}
}

func TestAMemoForgetsWhatIsTooMuch(t *testing.T) {
	memo := &Memo{}
	large := func() []byte {
		text := make([]byte, MaxRead)
		for i := range text {
			text[i] = ' '
		}
		text[0] = '7'
		return text
	}
	a, b, c := large(), large(), large()
	first := memo.read(a)
	if memo.read(a) != first || memo.read(b) == first {
		t.Error("a text is read again, or taken for another")
	}
	memo.read(c)
	if len(memo.seen) != 1 || memo.bytes != len(c) {
		t.Errorf("%d texts of %d bytes are kept", len(memo.seen), memo.bytes)
	}
}
