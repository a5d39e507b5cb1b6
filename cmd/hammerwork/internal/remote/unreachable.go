package remote

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"syscall"
)

// Unreachable says that no API answered.
type Unreachable struct {
	Server string
	Err    error
	hint   string
}

func (e *Unreachable) Error() string { return e.Server + " " + e.Err.Error() }

// Unwrap gives the cause.
func (e *Unreachable) Unwrap() error { return e.Err }

// Hint says what to do next.
func (e *Unreachable) Hint() string { return e.hint }

const runningHint = "is hammerwork dev running there? --server or HAMMERWORK_SERVER names another server"

// unreachable makes an error of what the HTTP client says. unanswered is the hint
// when the request may have arrived.
func unreachable(server string, err error, unanswered string) error {
	var request *url.Error
	if errors.As(err, &request) {
		err = request.Err
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	out := &Unreachable{Server: server, hint: runningHint}
	var lookup *net.DNSError
	var dial *net.OpError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &lookup):
		out.Err = fmt.Errorf("cannot be reached: the name %s is not known", lookup.Name)
		if !lookup.IsNotFound {
			out.Err = fmt.Errorf("cannot be reached: the name %s cannot be looked up now", lookup.Name)
		}
		return out
	case errors.Is(err, http.ErrSchemeMismatch):
		out.Err = errors.New("does not speak HTTPS")
		out.hint = "try it with http://"
		return out
	case errors.As(err, &certificate):
		out.Err = fmt.Errorf("has a certificate that is not trusted: %w", certificate.Err)
		out.hint = "SSL_CERT_FILE names a file with the certificates to trust"
		return out
	case errors.As(err, &dial) && dial.Op == "dial":
		out.Err = fmt.Errorf("cannot be reached: %w", dialCause(dial))
		return out
	case isTimeout(err):
		out.Err = errors.New("does not answer in time")
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		out.Err = errors.New("closed the connection")
	default:
		out.Err = fmt.Errorf("does not answer: %w", err)
	}
	out.hint = unanswered
	return out
}

func dialCause(dial *net.OpError) error {
	var number syscall.Errno
	switch {
	case errors.As(dial, &number):
		return number
	case dial.Timeout():
		return errors.New("no answer in time")
	}
	return dial.Err
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout() || errors.Is(err, os.ErrDeadlineExceeded)
}

// strange says that what answered is not the API.
func strange(server string, answer *http.Response) error {
	out := &Unreachable{Server: server, hint: "is that the address of hammerwork's API? --server or HAMMERWORK_SERVER names another server"}
	location := answer.Header.Get("Location")
	switch {
	case location != "" && answer.StatusCode/100 == 3:
		out.Err = fmt.Errorf("is not the API: it sends to %s", location)
	case answer.StatusCode == http.StatusBadGateway, answer.StatusCode == http.StatusServiceUnavailable, answer.StatusCode == http.StatusGatewayTimeout:
		out.Err = fmt.Errorf("answers %s, without a word of the API", answer.Status)
		out.hint = "a proxy may stand before a server that does not run"
	default:
		out.Err = fmt.Errorf("is not the API: it answers %s as %s", answer.Status, kindOf(answer))
	}
	return out
}

func kindOf(answer *http.Response) string {
	if kind := answer.Header.Get("Content-Type"); kind != "" {
		return kind
	}
	return "nothing in particular"
}
