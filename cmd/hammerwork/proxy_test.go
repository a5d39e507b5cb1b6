package main

import (
	"context"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgxpool"
)

// execSQL runs a statement on a database.
func execSQL(t *testing.T, database, sql string, args ...any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	pool, err := pgxpool.New(ctx, database)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if _, err := pool.Exec(ctx, sql, args...); err != nil {
		t.Fatal(err)
	}
}

// cut says what becomes of a COMMIT on its way to the server.
type cut int

const (
	pass         cut = iota
	beforeCommit     // the connection ends; the server gets nothing of it
	behindCommit     // the server gets it; its answer is lost with the connection
)

// commitsBetween is how many commits pass for one that is cut, and one.
const commitsBetween = 3

// proxy stands between a program and PostgreSQL.
type proxy struct {
	url string

	listener net.Listener
	target   string

	mu      sync.Mutex
	refused bool
	conns   map[net.Conn]bool
	commits int // seen
	cuts    [behindCommit + 1]int
	cutting bool
	frozen  chan struct{} // closed when messages pass; never nil
}

// newProxy starts a proxy of a database.
func newProxy(t *testing.T, database string) *proxy {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, target: u.Host, conns: map[net.Conn]bool{}, frozen: make(chan struct{})}
	close(p.frozen)
	u.Host = l.Addr().String()
	q := u.Query()
	q.Set("sslmode", "disable") // it reads what passes
	u.RawQuery = q.Encode()
	p.url = u.String()
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { p.serve(c) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		p.refuse()
		p.thaw()
		serving.Wait()
	})
	return p
}

// refuse ends every connection and takes no new ones.
func (p *proxy) refuse() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refused = true
	for c := range p.conns {
		c.Close()
	}
}

// allow takes connections again.
func (p *proxy) allow() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refused = false
}

// freeze holds up what the server is sent and what it answers, as a machine
// does that hangs, until thaw.
func (p *proxy) freeze() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frozen = make(chan struct{})
}

func (p *proxy) thaw() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.frozen:
	default:
		close(p.frozen)
	}
}

// passing waits while the proxy is frozen.
func (p *proxy) passing() {
	p.mu.Lock()
	frozen := p.frozen
	p.mu.Unlock()
	<-frozen
}

// cutCommits ends the connection of every few commits, before and behind them
// in turn, until it is told to stop.
func (p *proxy) cutCommits(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cutting = on
}

// made returns how often a connection was cut before and behind a commit.
func (p *proxy) made() (before, behind int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cuts[beforeCommit], p.cuts[behindCommit]
}

// next decides about a commit.
func (p *proxy) next() cut {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.cutting {
		return pass
	}
	p.commits++
	if p.commits%commitsBetween != 0 {
		return pass
	}
	c := beforeCommit
	if p.commits/commitsBetween%2 == 0 {
		c = behindCommit
	}
	p.cuts[c]++
	return c
}

func (p *proxy) add(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.refused {
		p.conns[c] = true
	}
	return !p.refused
}

func (p *proxy) remove(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
	c.Close()
}

func (p *proxy) serve(client net.Conn) {
	defer p.remove(client)
	if !p.add(client) {
		return
	}
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer server.Close()
	l := &link{proxy: p, client: client, server: server, commits: map[string]bool{}}
	if err := l.greet(); err != nil {
		return
	}
	var both sync.WaitGroup
	both.Go(l.answers)
	l.requests()
	both.Wait()
}

// link is one connection through the proxy.
type link struct {
	proxy          *proxy
	client, server net.Conn
	backend        *pgproto3.Backend  // reads what the client says
	frontend       *pgproto3.Frontend // reads what the server says
	commits        map[string]bool    // prepared statements that are COMMIT
	losing         atomic.Bool        // the answer to the next commit is lost
}

// greet passes on how a session begins.
func (l *link) greet() error {
	l.backend = pgproto3.NewBackend(l.client, l.client)
	l.frontend = pgproto3.NewFrontend(l.server, l.server)
	m, err := l.backend.ReceiveStartupMessage()
	if err != nil {
		return err
	}
	if err := l.send(l.server, m); err != nil {
		return err
	}
	for {
		asked, err := l.frontend.Receive()
		if err != nil {
			return err
		}
		answers := true
		switch asked.(type) {
		case *pgproto3.AuthenticationMD5Password:
			err = l.backend.SetAuthType(pgproto3.AuthTypeMD5Password)
		case *pgproto3.AuthenticationSASL:
			err = l.backend.SetAuthType(pgproto3.AuthTypeSASL)
		case *pgproto3.AuthenticationSASLContinue:
			err = l.backend.SetAuthType(pgproto3.AuthTypeSASLContinue)
		default:
			answers = false
		}
		if err != nil {
			return err
		}
		if err := l.send(l.client, asked); err != nil {
			return err
		}
		if _, done := asked.(*pgproto3.AuthenticationOk); done {
			return nil
		}
		if !answers {
			continue
		}
		answer, err := l.backend.Receive()
		if err != nil {
			return err
		}
		if err := l.send(l.server, answer); err != nil {
			return err
		}
	}
}

func (l *link) send(to net.Conn, m pgproto3.Message) error {
	l.proxy.passing()
	data, err := m.Encode(nil)
	if err != nil {
		return err
	}
	_, err = to.Write(data)
	return err
}

// close ends both sides.
func (l *link) close() {
	l.client.Close()
	l.server.Close()
}

// requests passes on what the client sends, up to a commit that is cut.
func (l *link) requests() {
	defer l.close()
	for {
		m, err := l.backend.Receive()
		if err != nil {
			return
		}
		if l.isCommit(m) {
			switch l.proxy.next() {
			case beforeCommit:
				return
			case behindCommit:
				l.losing.Store(true)
			}
		}
		if err := l.send(l.server, m); err != nil {
			return
		}
	}
}

// isCommit tells whether a message makes the server commit.
func (l *link) isCommit(m pgproto3.FrontendMessage) bool {
	switch m := m.(type) {
	case *pgproto3.Query:
		return isCommit(m.String)
	case *pgproto3.Parse:
		l.commits[m.Name] = isCommit(m.Query)
	case *pgproto3.Bind:
		return l.commits[m.PreparedStatement]
	}
	return false
}

func isCommit(sql string) bool { return strings.EqualFold(strings.TrimRight(sql, "; "), "COMMIT") }

// answers passes on what the server sends, up to the answer to a commit that
// is to be lost.
func (l *link) answers() {
	defer l.close()
	for {
		m, err := l.frontend.Receive()
		if err != nil {
			return
		}
		if done, ok := m.(*pgproto3.CommandComplete); ok && l.losing.Load() && string(done.CommandTag) == "COMMIT" {
			return
		}
		if err := l.send(l.client, m); err != nil {
			return
		}
	}
}
