// Package health answers what an orchestrator asks of a process: /livez (it
// runs), /readyz (it can do its work now, and what is missing if not) and
// /metrics.
package health
