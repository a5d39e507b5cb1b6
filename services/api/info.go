package api

import (
	"context"

	"github.com/hammerwork/hammerwork/internal/wire"
)

type infoAnswer struct{ Body wire.Info }

func (a *API) getInfo(context.Context, *struct{}) (*infoAnswer, error) {
	return &infoAnswer{wire.Info{
		Version: a.cfg.Version, Database: a.cfg.Database, NATSURL: withoutCredentials(a.cfg.NATSURL), Auth: a.cfg.Auth,
	}}, nil
}
