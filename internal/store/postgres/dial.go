package postgres

import (
	"net"
	"time"
)

const (
	// connectTimeout bounds how long a connection takes to be made, for each of
	// the hosts of a URL, unless it says connect_timeout.
	connectTimeout = 5 * time.Second
	// silence is how long a machine that does not even acknowledge what it gets
	// counts as being there. What a server has to say may take longer.
	silence = 15 * time.Second
)

// dialer makes connections that notice that the other machine has gone, also
// while an answer is waited for: without, that takes a quarter of an hour.
var dialer = &net.Dialer{
	KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: silence / 3, Interval: silence / 3, Count: 2},
	Control:         boundSilence,
}
