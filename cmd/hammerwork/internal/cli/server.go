package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/remote"
)

const defaultServer = "http://127.0.0.1:8080"

// serverFlags gives a command the flags of the server it talks to. There is
// none for the token itself: its value would show in the list of processes.
func (a *app) serverFlags(c *cobra.Command) {
	c.Flags().StringVar(&a.server, "server", defaultServer, "`URL` of the server")
	c.Flags().StringVar(&a.tokenFile, "token-file", "", "`file` with the token for the server; HAMMERWORK_TOKEN holds the token itself")
	_ = c.MarkFlagFilename("token-file") // it only fails for flags that do not exist
}

// remote returns a client of the server that the flags name.
func (a *app) remote() (*remote.Client, error) {
	token, err := a.token()
	if err != nil {
		return nil, err
	}
	c, err := remote.New(remote.Config{Server: a.server, Token: token, Agent: "hammerwork/" + readVersion().Version})
	var address *remote.AddressError
	if errors.As(err, &address) {
		return nil, &usageError{err, address.Hint}
	}
	return c, err
}

const maxToken = 8 << 10 // bytes

// token returns the token for the server: of the file that a flag names, else
// of HAMMERWORK_TOKEN, else of the file that the environment or the settings
// name. None is "".
func (a *app) token() (string, error) {
	if token := os.Getenv(envPrefix + "TOKEN"); token != "" && !a.tokenFileNamed {
		return checkToken("HAMMERWORK_TOKEN", strings.TrimSpace(token))
	}
	if a.tokenFile == "" {
		return "", nil
	}
	f, err := os.Open(a.tokenFile)
	if err != nil {
		return "", cannotRead(a.tokenFile, "file with the token", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxToken+1))
	switch {
	case err != nil:
		return "", cannotRead(a.tokenFile, "file with the token", err)
	case len(data) > maxToken:
		return "", &usageError{fmt.Errorf("%s has more than %d KiB, which no token has", a.tokenFile, maxToken>>10), "the file holds the token and nothing else"}
	}
	return checkToken(a.tokenFile, strings.TrimSpace(string(data)))
}

// checkToken refuses what no header can carry. The error does not repeat it.
func checkToken(where, token string) (string, error) {
	const hint = "a token is one word of letters, digits and marks"
	switch {
	case token == "":
		return "", &usageError{fmt.Errorf("%s holds no token", where), hint}
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "", &usageError{fmt.Errorf("%s holds something that is no token", where), hint}
	}
	return token, nil
}
