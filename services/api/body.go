package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/hammerwork/hammerwork/internal/wire"
)

// What bodies may be.
var (
	jsonTypes = []string{"application/json"}
	yamlTypes = []string{"application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"}
)

// mediaType refuses a request whose body is neither JSON nor YAML: what a form
// of another page can send is neither.
func mediaType(r *http.Request) *problem {
	const hint = "send application/json or application/yaml"
	refuse := func(format string, args ...any) *problem {
		return newStatusProblem(http.StatusUnsupportedMediaType, wire.CodeInvalidRequest, hint, format, args...)
	}
	types := r.Header.Values("Content-Type")
	switch {
	case len(types) == 0 && r.ContentLength == 0:
		return nil
	case len(types) == 0:
		return refuse("the body has no Content-Type")
	case len(types) > 1:
		return refuse("the body has several Content-Types")
	}
	kind, parameters, err := mime.ParseMediaType(types[0])
	if err != nil || !slices.Contains(jsonTypes, kind) && !slices.Contains(yamlTypes, kind) {
		return refuse("the body is neither JSON nor YAML")
	}
	if charset := parameters["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return refuse("the body is not UTF-8")
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return newStatusProblem(http.StatusUnsupportedMediaType, wire.CodeInvalidRequest, "send the body as it is", "the body is encoded")
	}
	return nil
}

// isYAML reports whether a body says that it is YAML.
func isYAML(r *http.Request) bool {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return slices.Contains(yamlTypes, kind)
}

// fileName tells package workflowfile the format of a body.
func fileName(r *http.Request) string {
	if isYAML(r) {
		return "body.yaml"
	}
	return "body.json"
}

// uploads is what all requests together hold of bodies, in bytes.
type uploads struct {
	held  atomic.Int64
	max   int64
	gauge prometheus.Gauge
}

// errBusy says that the bodies of all requests together are too many bytes.
var errBusy = errors.New("too many uploads")

// take reserves bytes.
func (u *uploads) take(n int64) error {
	if u.held.Add(n) > u.max {
		u.held.Add(-n)
		return errBusy
	}
	u.gauge.Add(float64(n))
	return nil
}

// give gives bytes back.
func (u *uploads) give(n int64) {
	u.held.Add(-n)
	u.gauge.Sub(float64(n))
}

// reader counts what it reads against the uploads and remembers it.
type reader struct {
	io.Reader
	uploads *uploads
	held    *int64
}

func (r reader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if takeErr := r.uploads.take(int64(n)); takeErr != nil {
		return 0, takeErr
	}
	*r.held += int64(n)
	return n, err
}

// read reads the body of a request, at most limit bytes of it, into its call.
func (a *API) read(ctx context.Context, limit int64, yaml bool) error {
	c := callOf(ctx)
	if !yaml && isYAML(c.r) {
		return newStatusProblem(http.StatusUnsupportedMediaType, wire.CodeInvalidRequest, "send application/json", "the body is not JSON")
	}
	tooLarge := tooLarge
	if isYAML(c.r) && limit > a.cfg.MaxYAMLBytes {
		limit, tooLarge = a.cfg.MaxYAMLBytes, tooLargeYAML
	}
	if c.r.ContentLength > limit {
		return tooLarge(limit)
	}
	var b bytes.Buffer
	_, err := b.ReadFrom(reader{http.MaxBytesReader(c.w, c.r.Body, limit), &a.uploads, &c.held})
	c.body = b.Bytes()
	var large *http.MaxBytesError
	var network net.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &large):
		return tooLarge(limit)
	case errors.Is(err, errBusy):
		return newProblem(wire.CodeRateLimited, "send it again in a moment", "the server is receiving too much at once")
	case errors.As(err, &network) && network.Timeout():
		return newStatusProblem(http.StatusRequestTimeout, wire.CodeInvalidRequest, "send it faster or in parts", "the body did not arrive in time")
	}
	return newStatusProblem(http.StatusBadRequest, wire.CodeInvalidRequest, "send it again", "the body broke off")
}

func tooLargeYAML(limit int64) *problem {
	return newProblem(wire.CodeTooLarge, "send it as JSON, which may be larger; hammerwork workflow create does so", "the YAML has more than %d bytes", limit)
}

func tooLarge(limit int64) *problem {
	return newProblem(wire.CodeTooLarge, "keep large data outside and pass its place", "the body has more than %d bytes", limit)
}

// options reads a small optional JSON body, of which example is one. Unlike
// encoding/json it refuses unknown and repeated fields.
func options(data []byte, example string, into fields) error {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil
	}
	fields, err := objectOf(data)
	if err != nil {
		return newProblem(wire.CodeInvalidRequest, "send a JSON object like "+example+", or no body", "the body: %v", err)
	}
	for name, value := range fields {
		read, known := into[name]
		if !known {
			return badParameter(fmt.Sprintf("%.60q", name), "leave it out", "is no field of this request")
		}
		if err := read(value); err != nil {
			return err
		}
	}
	return nil
}

// objectOf reads a JSON object whose fields are there once.
func objectOf(data []byte) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("it is not a JSON object")
	}
	fields := make(map[string]json.RawMessage)
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, errors.New("it is not valid JSON")
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, errors.New("it is not valid JSON")
		}
		if _, twice := fields[name.(string)]; twice {
			return nil, errors.New("a field is there twice")
		}
		fields[name.(string)] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, errors.New("it is not valid JSON")
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("something follows the JSON object")
	}
	return fields, nil
}
