package natsbus

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
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
	DrainTimeout  time.Duration              // how long Close waits for handlers; 0: 5 s
}

func (c Config) validate() error {
	switch {
	case c.URL == "" && c.InProcess == nil:
		return errors.New("no nats url")
	case c.URL != "" && c.InProcess != nil:
		return errors.New("a nats url and a server in the process; one of them is meant")
	case c.DrainTimeout < 0:
		return fmt.Errorf("nats drain timeout is %v; it must not be negative", c.DrainTimeout)
	}
	return nil
}

func (c Config) drainTimeout() time.Duration {
	if c.DrainTimeout == 0 {
		return 5 * time.Second
	}
	return c.DrainTimeout
}

// server names the server in logs and errors, without passwords.
func (c Config) server() string {
	if c.InProcess != nil {
		return "in-process"
	}
	var hosts []string
	for s := range strings.SplitSeq(c.URL, ",") {
		s = strings.TrimSpace(s)
		if !strings.Contains(s, "://") {
			s = "nats://" + s
		}
		host := "(unreadable url)"
		if u, err := url.Parse(s); err == nil {
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
