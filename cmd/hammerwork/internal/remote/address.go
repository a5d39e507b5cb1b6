package remote

import (
	"errors"
	"net/url"
	"strings"
)

// AddressError says that a server's address cannot be used.
type AddressError struct {
	Address string // without user and password
	Reason  string
	Hint    string
}

func (e *AddressError) Error() string { return "server " + e.Address + ": " + e.Reason }

const likeThis = "like this: http://127.0.0.1:8080"

// base reads the address of a server. A path stays, as servers behind a proxy
// have one; that of the API itself may be there.
func base(address string) (string, error) {
	address = strings.TrimSpace(address)
	if address == "" {
		return "", &AddressError{`""`, "the address is empty", likeThis}
	}
	bad := func(reason, hint string) (string, error) { return "", &AddressError{address, reason, hint} }
	if !strings.Contains(address, "://") {
		return bad("it has no scheme", "did you mean http://"+address+"?")
	}
	u, err := url.Parse(address)
	if err != nil {
		var cause *url.Error
		if errors.As(err, &cause) {
			err = cause.Err
		}
		address = "address" // it may hold a password
		return bad("it is no URL: "+err.Error(), likeThis)
	}
	if u.User != nil {
		u.User = nil
		address = u.String()
		return bad("a user and a password in an address show in the list of processes", "set HAMMERWORK_TOKEN, or name a file with --token-file")
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return bad("its scheme is "+u.Scheme+", not http or https", likeThis)
	case u.Hostname() == "":
		return bad("it names no host", likeThis)
	case u.RawQuery != "" || u.Fragment != "":
		return bad("it has more than a host, a port and a path", likeThis)
	}
	return strings.TrimSuffix(strings.TrimRight(u.String(), "/"), prefix), nil
}
