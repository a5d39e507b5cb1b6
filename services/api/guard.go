package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/hammerwork/hammerwork/internal/wire"
)

// guard refuses requests by where they come from and who sends them.
type guard struct {
	hosts  []string // lower case; *.x for all below x
	listen string   // the host that is listened on; empty: any address
	auth   bool
	token  [sha256.Size]byte
}

func newGuard(cfg Config) *guard {
	g := &guard{auth: cfg.Auth == AuthToken, token: sha256.Sum256([]byte(cfg.Token))}
	for _, h := range cfg.AllowedHosts {
		g.hosts = append(g.hosts, strings.ToLower(strings.TrimSuffix(h, ".")))
	}
	address := cfg.Listen
	if cfg.Listener != nil {
		address = cfg.Listener.Addr().String()
	}
	if host, _, err := net.SplitHostPort(address); err == nil {
		if ip := net.ParseIP(host); ip == nil || !ip.IsUnspecified() {
			g.listen = strings.ToLower(host)
		}
	}
	return g
}

// origin refuses a request that was sent to a name that is not the API's, as
// DNS rebinding does, or that a page of another origin made a browser send.
func (g *guard) origin(r *http.Request) *problem {
	host, ok := hostname(r.Host)
	if !ok || !g.knows(host, r) {
		return newProblem(wire.CodeForbidden, "use a loopback name or the address it listens on, or add the name to the allowed hosts of the server",
			"the Host header names no host of this server")
	}
	const hint = "call the API from its own origin or from outside a browser"
	switch site := r.Header.Get("Sec-Fetch-Site"); site {
	case "", "none", "same-origin":
	default:
		return newProblem(wire.CodeForbidden, hint, "a page of another origin sent the request")
	}
	origins := r.Header.Values("Origin")
	if len(origins) > 1 || len(origins) == 1 && !g.own(origins[0], r.Host) {
		return newProblem(wire.CodeForbidden, hint, "the Origin header names another origin")
	}
	return nil
}

// knows reports whether host is a name of this server: a loopback name, the
// address it listens on or that the connection came to, or an allowed one.
func (g *guard) knows(host string, r *http.Request) bool {
	if host == "localhost" || host == g.listen || g.allowed(host) {
		return true
	}
	ip := net.ParseIP(host)
	if ip == nil {
		return false
	}
	local, _ := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	return ip.IsLoopback() || local != nil && local.IP.Equal(ip)
}

func (g *guard) allowed(host string) bool {
	return slices.ContainsFunc(g.hosts, func(allowed string) bool {
		below, wild := strings.CutPrefix(allowed, "*")
		return host == allowed || wild && strings.HasSuffix(host, below) && len(host) > len(below)
	})
}

// own reports whether an Origin is the one that the Host header names, or an
// allowed host on its default port, which a proxy may have replaced in Host.
func (g *guard) own(origin, host string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.Path != "" {
		return false
	}
	port := map[string]string{"http": ":80", "https": ":443"}[u.Scheme]
	plain := func(s string) string { return strings.ToLower(strings.TrimSuffix(s, port)) }
	return plain(u.Host) == plain(host) || g.allowed(plain(u.Host))
}

// hostname takes the port and the brackets off a Host header.
func hostname(host string) (string, bool) {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	} else {
		name = strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	return name, name != "" && !strings.ContainsAny(name, "/@\\ ")
}

// access refuses a request without the token.
func (g *guard) access(r *http.Request) *problem {
	if !g.auth {
		return nil
	}
	const hint = "send the header Authorization: Bearer TOKEN, or set HAMMERWORK_TOKEN for the command line"
	values := r.Header.Values("Authorization")
	if len(values) == 0 {
		return newProblem(wire.CodeUnauthorized, hint, "the request has no token")
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	sum := sha256.Sum256([]byte(strings.TrimSpace(token)))
	if len(values) > 1 || !strings.EqualFold(scheme, "Bearer") || subtle.ConstantTimeCompare(sum[:], g.token[:]) != 1 {
		p := newProblem(wire.CodeUnauthorized, hint, "the token is not valid")
		p.header.Set("Www-Authenticate", `Bearer realm="hammerwork", error="invalid_token"`)
		return p
	}
	return nil
}
