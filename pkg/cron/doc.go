// Package cron tells when a cron expression comes true in a time zone.
//
// An instant at which it does is a tick. When clocks are set:
//
//   - An expression whose hour field has a * (as *, */2) follows the time that
//     passes: it ticks in both of two equal hours, and never in an hour that is
//     left out.
//   - Every other one ticks once for each local time that it names: of two equal
//     local times at the first, and instead of one that is left out at the
//     instant at which the clocks go on.
//
// Local times that come to the same instant are one tick.
package cron
