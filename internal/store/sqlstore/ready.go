package sqlstore

import "github.com/hammerwork/hammerwork/pkg/job"

// makeClaimable puts jobs whose dependencies are fulfilled into ready, or into
// timers when their time has not come; waiting says that there are such.
func makeClaimable(tx Tx, list []job.ID, now int64) (waiting bool, err error) {
	if len(list) == 0 {
		return false, nil
	}
	param := ids(list)
	ready, err := tx.Exec("make_ready", param, now)
	if err != nil || ready == int64(len(list)) {
		return false, err
	}
	n, err := tx.Exec("make_waiting", param, now)
	return n > 0, err
}
