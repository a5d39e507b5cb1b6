package traceparent_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/trace"

	"github.com/hammerwork/hammerwork/internal/telemetry/traceparent"
)

const traceID = "4bf92f3577b34da6a3ce929d0e0e4736"

func TestANewTraceparentHasTheTraceAndASpanOfItsOwn(t *testing.T) {
	one, err := traceparent.New(traceID)
	if err != nil {
		t.Fatal(err)
	}
	two, err := traceparent.New(traceID)
	if err != nil {
		t.Fatal(err)
	}
	shape := regexp.MustCompile("^00-" + traceID + "-[0-9a-f]{16}-01$")
	if !shape.MatchString(one) || !shape.MatchString(two) || one == two {
		t.Errorf("got %s, %s", one, two)
	}
}

func TestATraceparentIsParsedIntoWhatItWasMadeOf(t *testing.T) {
	id := traceparent.NewTraceID()
	s, err := traceparent.New(id)
	if err != nil {
		t.Fatal(err)
	}
	sc, err := traceparent.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	if sc.TraceID().String() != id || !sc.IsSampled() || !sc.IsRemote() || traceparent.Format(sc) != s {
		t.Errorf("%s became %+v", s, sc)
	}
}

func TestATraceIDMustBe32LowerCaseHexDigits(t *testing.T) {
	for _, id := range []string{"", "4bf9", strings.ToUpper(traceID), traceID + "0", strings.Repeat("0", 32), strings.Repeat("g", 32), strings.Repeat("x", 1<<20)} {
		if s, err := traceparent.New(id); err == nil || len(err.Error()) > 200 {
			t.Errorf("New(%.40q) = %s, %v", id, s, err)
		}
	}
}

func TestAnUnsampledTraceparentStaysUnsampled(t *testing.T) {
	sc, err := traceparent.Parse("00-" + traceID + "-00f067aa0ba902b7-00")
	if err != nil || sc.IsSampled() {
		t.Errorf("got %+v, %v", sc, err)
	}
}

func TestALaterVersionIsRead(t *testing.T) {
	sc, err := traceparent.Parse("01-" + traceID + "-00f067aa0ba902b7-01-more")
	if err != nil || sc.SpanID().String() != "00f067aa0ba902b7" {
		t.Errorf("got %+v, %v", sc, err)
	}
}

func TestWhatIsNoTraceparentIsInvalid(t *testing.T) {
	for _, s := range []string{
		"", "x", "00", "00-" + traceID, "00-" + traceID + "-00f067aa0ba902b7", "00-" + traceID + "-00f067aa0ba902b7-01-more",
		"ff-" + traceID + "-00f067aa0ba902b7-01", "00-" + strings.Repeat("0", 32) + "-00f067aa0ba902b7-01",
		"00-" + traceID + "-0000000000000000-01", "00-" + strings.ToUpper(traceID) + "-00f067aa0ba902b7-01",
		"00-" + traceID + "-00f067aa0ba902b7-zz", strings.Repeat("0", 1<<16),
	} {
		if sc, err := traceparent.Parse(s); !errors.Is(err, traceparent.ErrInvalid) {
			t.Errorf("Parse(%.80q) = %+v, %v", s, sc, err)
		}
	}
}

func TestAnInvalidSpanHasNoTraceparent(t *testing.T) {
	if s := traceparent.Format(trace.SpanContext{}); s != "" {
		t.Errorf("got %q", s)
	}
}
