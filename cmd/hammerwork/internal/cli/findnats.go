package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/hammerwork/hammerwork/internal/wire"
)

// findNATS asks the API at server where workers connect.
func findNATS(ctx context.Context, server string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server+"/api/v1/info", nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var info wire.Info
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&info); err != nil {
		return "", fmt.Errorf("%s: %w", server, err)
	}
	if info.NATSURL == "" {
		return "", errors.New("the server does not tell where NATS is")
	}
	return info.NATSURL, nil
}
