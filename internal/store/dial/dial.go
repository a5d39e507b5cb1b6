// Package dial makes the connections to database servers.
package dial

import (
	"net"
	"time"
)

const (
	// ConnectTimeout bounds how long a connection takes to be made, for each of
	// the hosts of a URL, unless it says connect_timeout.
	ConnectTimeout = 5 * time.Second
	// silence is how long a machine that does not even acknowledge what it gets
	// counts as being there. What a server has to say may take longer.
	silence = 15 * time.Second
)

// Dialer makes connections that notice that the other machine has gone, also
// while an answer is waited for: without, that takes a quarter of an hour.
var Dialer = &net.Dialer{
	KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: silence / 3, Interval: silence / 3, Count: 2},
	Control:         boundSilence,
}
