package natsbus

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

const (
	dialTimeout    = 2 * time.Second // one attempt at one server
	flushTimeout   = 2 * time.Second // until a server has confirmed a subscription
	minReconnect   = 100 * time.Millisecond
	maxReconnect   = 5 * time.Second
	defaultPayload = 1 << 20 // assumed until a server has told its own

	// What a subscription holds for a handler that is behind before it drops
	// messages: seconds of the highest rates.
	pendingMessages = 1 << 20
	pendingBytes    = 256 << 20
)

// Config says where and how to connect.
type Config struct {
	URL           string                     // nats://host:port; several are separated by commas
	InProcess     nats.InProcessConnProvider // a server in this process, instead of URL
	Name          string                     // of the connection, in the server's monitoring
	WaitForServer bool                       // Connect waits for an absent server until its ctx is done; else it fails at once
	Background    bool                       // Connect does not wait at all: until a server answers, publishing fails
	DrainTimeout  time.Duration              // how long Close waits for handlers; 0: 5 s
	// Find is asked for the URL, at most once a second, while no server answers;
	// nil: they stay where they are. What it returns takes URL's place.
	Find    func(context.Context) (string, error)
	Options []nats.Option // credentials, TLS and the like; they cannot change what this package sets
}

// Validate reports what is wrong with c, without the passwords in its URL. It
// reads the files that options name, and connects to nothing.
func (c Config) Validate() error {
	switch {
	case c.URL == "" && c.InProcess == nil:
		return errors.New("no nats url")
	case c.URL != "" && c.InProcess != nil:
		return errors.New("a nats url and a server in the process; one of them is meant")
	case c.DrainTimeout < 0:
		return fmt.Errorf("nats drain timeout is %v; it must not be negative", c.DrainTimeout)
	}
	if c.URL != "" {
		for s := range strings.SplitSeq(c.URL, ",") {
			if err := checkServer(s); err != nil {
				return err
			}
		}
	}
	scratch := nats.GetDefaultOptions()
	for i, o := range c.Options {
		if o == nil {
			return fmt.Errorf("nats option %d is nil", i)
		}
		if err := o(&scratch); err != nil {
			return fmt.Errorf("nats option %d: %w", i, err)
		}
	}
	return nil
}

// parseServer reads one address of a nats url.
func parseServer(s string) (*url.URL, error) {
	s = strings.TrimSpace(s)
	if !strings.Contains(s, "://") {
		s = "nats://" + s
	}
	return url.Parse(s)
}

// checkServer reports what is wrong with one address of a nats url. It shows
// nothing of an address that cannot be read: there may be a password in it.
func checkServer(s string) error {
	const hint = "; it is like nats://host:4222, several separated by commas"
	u, err := parseServer(s)
	if err != nil {
		return errors.New("the nats url cannot be read" + hint)
	}
	if !slices.Contains([]string{"nats", "tls", "ws", "wss"}, u.Scheme) {
		return fmt.Errorf("the nats url has the scheme %q, which is none of nats, tls, ws and wss%s", u.Scheme, hint)
	}
	if u.Hostname() == "" {
		return errors.New("the nats url names no host" + hint)
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return fmt.Errorf("the nats url has the port %s, which is none%s", port, hint)
		}
	}
	return nil
}

func (c Config) drainTimeout() time.Duration {
	if c.DrainTimeout == 0 {
		return 5 * time.Second
	}
	return c.DrainTimeout
}

// Server names the server in logs and errors, without passwords.
func (c Config) Server() string {
	if c.InProcess != nil {
		return "in-process"
	}
	var hosts []string
	for s := range strings.SplitSeq(c.URL, ",") {
		host := "(unreadable url)"
		if u, err := parseServer(s); err == nil {
			host = u.Host
		}
		hosts = append(hosts, host)
	}
	return strings.Join(hosts, ",")
}

// reconnectDelay is the wait before the attempt after n failed ones: 100 ms,
// doubled up to 5 s, of which a random part up to the half is taken off, so
// that the clients of a restarted server do not return at one moment.
func reconnectDelay(n int) time.Duration {
	d := minReconnect << min(max(n-1, 0), 10)
	d = min(d, maxReconnect)
	return d - rand.N(d/2)
}
