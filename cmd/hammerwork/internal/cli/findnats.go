package cli

import (
	"context"
	"errors"
)

// findNATS asks the server that the flags name where workers connect.
func (a *app) findNATS(ctx context.Context) (string, error) {
	client, err := a.remote()
	if err != nil {
		return "", err
	}
	defer client.Close()
	info, err := client.Info(ctx)
	if err != nil {
		return "", err
	}
	if info.NATSURL == "" {
		return "", &hintError{errors.New(client.Server() + " does not tell where NATS is"), "name it with --nats-url"}
	}
	return info.NATSURL, nil
}
