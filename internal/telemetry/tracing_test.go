package telemetry_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"go.uber.org/goleak"

	"github.com/hammerwork/hammerwork/internal/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// none of the machine's own settings.
func cleanEnv(t *testing.T) {
	t.Helper()
	for _, key := range []string{
		"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
		"OTEL_SDK_DISABLED", "OTEL_TRACES_EXPORTER", "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES",
	} {
		t.Setenv(key, "")
	}
}

func TestWithoutAnEndpointSpansGoNowhere(t *testing.T) {
	cleanEnv(t)
	expectNothing(t)
}

func TestTracesCanBeTurnedOffBesideAnEndpoint(t *testing.T) {
	for key, value := range map[string]string{"OTEL_SDK_DISABLED": "true", "OTEL_TRACES_EXPORTER": "none"} {
		t.Run(key, func(t *testing.T) {
			cleanEnv(t)
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
			t.Setenv(key, value)
			expectNothing(t)
		})
	}
}

func expectNothing(t *testing.T) {
	t.Helper()
	p, stop, err := telemetry.NewTracing(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, span := p.Tracer("test").Start(t.Context(), "work")
	if span.IsRecording() || span.SpanContext().IsValid() {
		t.Error("a span is recorded")
	}
	span.End()
	if err := stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestSpansAreSentToTheEndpointUnderTheServicesName(t *testing.T) {
	for name, want := range map[string]string{"": "hammerwork", "billing": "billing"} {
		t.Run(want, func(t *testing.T) {
			bodies := make(chan []byte, 10)
			collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil || r.URL.Path != "/v1/traces" {
					t.Errorf("%s: %v", r.URL, err)
				}
				w.Header().Set("Content-Type", "application/x-protobuf")
				bodies <- body
			}))
			defer collector.Close()
			cleanEnv(t)
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
			t.Setenv("OTEL_SERVICE_NAME", name)

			p, stop, err := telemetry.NewTracing(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			_, span := p.Tracer("test").Start(t.Context(), "attempt of a job")
			span.End()
			if err := stop(context.Background()); err != nil {
				t.Fatal(err)
			}
			if len(bodies) != 1 {
				t.Fatalf("%d exports", len(bodies))
			}
			body := <-bodies
			for _, s := range []string{"attempt of a job", want} {
				if !bytes.Contains(body, []byte(s)) {
					t.Errorf("%q is not in the export", s)
				}
			}
		})
	}
}

func TestAnUnknownProtocolIsAnError(t *testing.T) {
	cleanEnv(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "carrier-pigeon")
	if _, _, err := telemetry.NewTracing(t.Context()); err == nil {
		t.Error("it was accepted")
	}
}

func TestTheGRPCProtocolCanBeChosen(t *testing.T) {
	cleanEnv(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
	_, stop, err := telemetry.NewTracing(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := stop(t.Context()); err != nil {
		t.Error(err)
	}
}
