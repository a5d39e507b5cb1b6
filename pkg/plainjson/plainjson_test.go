package plainjson

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestWhatOnlyHTMLWantsEscapedStaysAsItIs(t *testing.T) {
	value := map[string]any{"text": "a < b && c > d", "raw": json.RawMessage(`{"q":"<é\u003e"}`)}
	const want = `{"raw":{"q":"<é\u003e"},"text":"a < b && c > d"}`
	got, err := Marshal(value)
	if err != nil || string(got) != want {
		t.Errorf("Marshal gave %s, %v; want %s", got, err, want)
	}
	var out strings.Builder
	if err := NewEncoder(&out).Encode(value); err != nil || out.String() != want+"\n" {
		t.Errorf("the encoder wrote %s, %v; want %s and the end of the line", out.String(), err, want)
	}
}

func TestWhatIsNoJSONIsNotMarshalled(t *testing.T) {
	if got, err := Marshal(func() {}); err == nil || got != nil {
		t.Errorf("got %s, %v", got, err)
	}
}
