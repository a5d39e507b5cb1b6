// Package model says once more, slowly and over the whole graph, what package
// workflow decides fast over a part of it: what happens to jobs, dependencies
// and workflows. It is what the decider and the stores are compared with, and
// is used by nothing else. Nothing of it is taken from the decider but the
// names of its types; how an attempt ends and what a condition says is asked of
// packages job and condition.
//
// Where the words about workflows leave room, it reads them so:
//
//   - Whatever happens draws all its conclusions before the next thing happens,
//     also within a batch. What ends first settles its edges first, in the
//     order in which their children were enqueued; when nothing follows from
//     that any more, policies look at what failed, then finally jobs begin and what
//     waits because no more may run at once.
//   - The cause of an upstream_failed job is the first failure behind the first
//     counted broken edge in time. After a retry it stays if a kept edge still
//     leads to it; otherwise the first such edge in order counts.
//   - Spared is an open job with an active on: failure or done edge from a
//     failure, and then what it activates or breaks within its workflow. In a
//     failing workflow also stay: what waits, over such an edge, for a job of it
//     that is held, and the descendants of both within the workflow.
//   - Under manual, a failure that is not tolerated and that no open job may
//     catch waits for a decision at once, with its edges. One whose catch came
//     to nothing waits from then on; its edges are settled already. In a
//     workflow that has such jobs a decision other than to accept takes them
//     back: what is upstream_failed, skipped or still waits behind settled edges
//     of it, one after the other, is reset with the edges that lead there from
//     it and between them.
//   - A policy looks when something failed or a catching job ended. Where
//     nothing catches it looks at new failures; else at all there are, also at
//     those that a retry left behind.
//   - A retry of what failed also resets what broke the edges of a job that is
//     upstream_failed and not caught, whatever that is: else that job could never
//     run.
//   - A job without parents that has a condition waits, until that is asked.
//   - So do gates and jobs that are made of others, and what is to take turns.
//     What is suspended opens again, or begins anew, when it is reset.
//   - A signal that was sent before it opens is over as soon as it could open.
//   - What a job is made of is a workflow that is pending until the job is
//     suspended. When everything else has concluded, also elsewhere, the first such
//     job that owes its workflow something, or is owed by it, gives or gets it, and
//     so on: it begins, or is retried (what failed of it, or all if nothing did or
//     it completed) if it ended before the job was suspended this time; its end is
//     the job's; it is cancelled once, by a user, when the job is told to stop or
//     has ended by itself, with that reason if it was a deadline. One whose jobs
//     all ended because of jobs elsewhere, before it began, is not retried at first.
//   - While a workflow is paused, for whatever reason, so are those that its jobs
//     are made of, and nobody can resume them; they go on with it, unless somebody
//     had paused them before. What has not begun begins then.
//   - Jobs of a pending workflow cannot be cancelled, nor can it; but a signal of it
//     can be sent.
//   - A decision to retry puts a job where a retry of its workflow would: its
//     join, and its condition, are asked again.
package model
