package bus_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/pkg/job"
)

type note struct {
	Text bus.Text `json:"text"`
	N    int      `json:"n,omitempty"`
}

func TestAMessageComesBackAsItWasSent(t *testing.T) {
	in := bus.Envelope[note]{ID: "m1", TraceParent: "tp", CorrelationID: "ü", Body: note{Text: bus.Text(`{"a":1}`), N: 7}}
	data, err := bus.EncodeEnvelope(in)
	if err != nil {
		t.Fatal(err)
	}
	out, err := bus.Decode[note](data)
	if err != nil {
		t.Fatal(err)
	}
	if out.Version != bus.Version || out.ID != in.ID || out.TraceParent != in.TraceParent || out.CorrelationID != in.CorrelationID ||
		string(out.Body.Text) != string(in.Body.Text) || out.Body.N != 7 {
		t.Errorf("sent %+v, got %+v", in, out)
	}
}

func TestAnEnvelopeIsCompactJSON(t *testing.T) {
	data, err := bus.Encode("m1", note{Text: bus.Text(`"<&>"`)})
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"v":1,"id":"m1","body":{"text":"\"<&>\""}}`; string(data) != want {
		t.Errorf("got  %s\nwant %s", data, want)
	}
}

func TestAnUnknownVersionIsRefused(t *testing.T) {
	for _, data := range []string{`{"v":2,"body":{}}`, `{"v":0,"body":{}}`, `{"body":{}}`, `{"v":-1}`, `{"v":2,"body":"of another shape"}`} {
		if _, err := bus.Decode[note]([]byte(data)); !errors.Is(err, bus.ErrVersion) {
			t.Errorf("%s: %v", data, err)
		}
	}
}

func TestAnUnreadableMessageIsMalformed(t *testing.T) {
	for _, data := range []string{"", "x", "{", "[]", `"v"`, `{"v":"1"}`, `{"v":1,"body":[]}`, `{"v":1,"body":{"text":5}}`, `{"v":1,"body":{}} x`, `{"v":1.5}`} {
		if _, err := bus.Decode[note]([]byte(data)); !errors.Is(err, bus.ErrMalformed) {
			t.Errorf("%s: %v", data, err)
		}
	}
}

func TestUnknownFieldsAreIgnored(t *testing.T) {
	e, err := bus.Decode[note]([]byte(`{"v":1,"id":"m","new":{"a":[1]},"body":{"n":3,"newer":null}}`))
	if err != nil || e.ID != "m" || e.Body.N != 3 {
		t.Errorf("got %+v, %v", e, err)
	}
}

func TestATextKeepsItsBytesOnItsWay(t *testing.T) {
	for _, text := range texts {
		keeps(t, text)
	}
}

func TestAMissingTextIsEmpty(t *testing.T) {
	for _, data := range []string{`{"v":1,"body":{}}`, `{"v":1,"body":{"text":null}}`, `{"v":1,"body":{"text":""}}`} {
		e, err := bus.Decode[note]([]byte(data))
		if err != nil || len(e.Body.Text) != 0 {
			t.Errorf("%s: %q, %v", data, e.Body.Text, err)
		}
	}
}

func TestADeliveryAndAnOutcomeKeepTheirTexts(t *testing.T) {
	text := bus.Text(" {\"a\" : \"\\u0000\"}\n")
	deliver := bus.Deliver{Jobs: []bus.Job{{Payload: text, Parents: []bus.Parent{{Status: job.Completed, Result: text}}}}}
	data, err := bus.Encode("m", deliver)
	if err != nil {
		t.Fatal(err)
	}
	d, err := bus.Decode[bus.Deliver](data)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(d.Body.Jobs[0].Payload, text) || !bytes.Equal(d.Body.Jobs[0].Parents[0].Result, text) {
		t.Errorf("got %+v", d.Body.Jobs[0])
	}
	data, err = bus.Encode("m", bus.Completed{Outcomes: []bus.Outcome{{Fence: job.Fence{Job: job.NewID(), Epoch: 3}, Kind: job.KindCompleted, Result: text}}})
	if err != nil {
		t.Fatal(err)
	}
	c, err := bus.Decode[bus.Completed](data)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(c.Body.Outcomes[0].Result, text) || c.Body.Outcomes[0].Epoch != 3 {
		t.Errorf("got %+v", c.Body.Outcomes[0])
	}
}

var texts = []string{
	"", "null", `""`, `"\u0000"`, `"\ud800"`, `"\/"`, `{"a": 1,	"a":2}` + "\r\n ", "123456789012345678901234567890.10e+0400",
	`"<script>&amp;"`, `"😀ü€"`, "\"\u2028\u2029\ufeff\"", "\"\x7f\"", `"\\\" \b"`,
}

func keeps(t *testing.T, text string) {
	t.Helper()
	data, err := bus.Encode("m", note{Text: bus.Text(text)})
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	e, err := bus.Decode[note](data)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	if string(e.Body.Text) != text {
		t.Errorf("sent %q, got %q", text, e.Body.Text)
	}
}

func FuzzTextRoundTrip(f *testing.F) {
	for _, text := range texts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if utf8.ValidString(text) {
			keeps(t, text)
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, data := range []string{`{"v":1,"body":{}}`, `{"v":2}`, "", "null", strings.Repeat("[", 20_000), `{"v":1,"body":{"jobs":[{"payload":"{}","priority":"high"}]}}`} {
		f.Add([]byte(data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		decodes[bus.Pull](t, data)
		decodes[bus.Deliver](t, data)
		decodes[bus.Completed](t, data)
		decodes[bus.HeartbeatReply](t, data)
		decodes[bus.FetchReply](t, data)
		decodes[bus.Event](t, data)
	})
}

// decodes fails unless data is refused with one of the two errors, or accepted
// and stable from then on.
func decodes[T any](t *testing.T, data []byte) {
	t.Helper()
	e, err := bus.Decode[T](data)
	if err != nil {
		if !errors.Is(err, bus.ErrVersion) && !errors.Is(err, bus.ErrMalformed) {
			t.Errorf("%q: %v", data, err)
		}
		return
	}
	once, err := bus.EncodeEnvelope(e)
	if err != nil {
		t.Fatalf("%q: %v", data, err)
	}
	again, err := bus.Decode[T](once)
	if err != nil {
		t.Fatalf("%q: %v", once, err)
	}
	twice, err := json.Marshal(again)
	if err != nil {
		t.Fatal(err)
	}
	first, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, twice) {
		t.Errorf("%s became %s", first, twice)
	}
}
