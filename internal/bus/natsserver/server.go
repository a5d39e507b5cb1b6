package natsserver

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// startTimeout bounds the wait for a server that is starting.
const startTimeout = 10 * time.Second

// Options say how to run a server.
type Options struct {
	Listen     string       // host:port, port 0 for any free one; empty: in-process connections only
	Name       string       // of the server; empty: a random one
	MaxPayload int          // largest message in bytes; 0: 1 MiB, as a NATS server of its own
	Log        *slog.Logger // gets warnings, and notices at debug level; nil: slog.Default()
}

// Server is a running NATS server.
type Server struct {
	server *server.Server
	url    string
}

// Start runs a server and returns when it takes connections. Whoever can
// reach Listen can read and send everything: it should be a loopback address.
func Start(o Options) (*Server, error) {
	opts, err := o.server()
	if err != nil {
		return nil, err
	}
	s, err := server.NewServer(opts)
	if err != nil {
		return nil, fmt.Errorf("embedded nats: %w", err)
	}
	log := &logger{log: o.Log}
	if log.log == nil {
		log.log = slog.Default()
	}
	s.SetLoggerV2(log, false, false, false)
	s.Start()
	if err := log.failed(); err != nil {
		stop(s)
		return nil, fmt.Errorf("embedded nats: %w", err)
	}
	if !s.ReadyForConnections(startTimeout) {
		stop(s)
		return nil, fmt.Errorf("embedded nats: not ready within %v", startTimeout)
	}
	started := &Server{server: s}
	if !opts.DontListen {
		started.url = s.ClientURL()
	}
	return started, nil
}

// URL is where clients connect; empty when the server listens nowhere.
func (s *Server) URL() string { return s.url }

// InProcessConn opens a connection without a network; natsbus.Config.InProcess
// takes the server for it.
func (s *Server) InProcessConn() (net.Conn, error) { return s.server.InProcessConn() }

// Shutdown sends what is still owed to the clients, closes their connections
// and returns when the server has stopped. Those who use it close their own
// connections first, or they try to connect again. It may be called twice.
func (s *Server) Shutdown() { stop(s.server) }

func stop(s *server.Server) {
	s.Shutdown()
	s.WaitForShutdown()
}

// server makes the server's own options.
func (o Options) server() (*server.Options, error) {
	opts := &server.Options{
		ServerName: o.Name,
		NoSigs:     true,
		NoLog:      true, // Start sets a logger
	}
	switch {
	case o.MaxPayload < 0 || o.MaxPayload > server.MAX_PAYLOAD_MAX_SIZE:
		return nil, fmt.Errorf("embedded nats: max payload is %d; it must be at most %d bytes", o.MaxPayload, server.MAX_PAYLOAD_MAX_SIZE)
	case o.MaxPayload > 0:
		opts.MaxPayload = int32(o.MaxPayload)
	}
	if o.Listen == "" {
		opts.DontListen = true
		return opts, nil
	}
	host, port, err := net.SplitHostPort(o.Listen)
	if err != nil {
		return nil, fmt.Errorf("embedded nats: listen address: %w", err)
	}
	if host == "" {
		return nil, errors.New("embedded nats: the listen address names no host; 127.0.0.1 keeps strangers out, 0.0.0.0 does not")
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("embedded nats: port %q is not a number up to 65535", port)
	}
	opts.Host, opts.Port = host, int(n)
	if n == 0 {
		opts.Port = server.RANDOM_PORT
	}
	return opts, nil
}
