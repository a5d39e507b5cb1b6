// Package client puts work into Hammerwork and asks what became of it. It
// speaks to the database that the services use; NATS, when it is given one, is
// for hints alone, so a client needs no service to be running.
//
// Build jobs with package job and workflows with package workflow. Everything
// is validated before anything is stored; what is wrong comes back in one
// *workflow.Error. An enqueue is all or nothing. Ids are chosen before the
// transaction, so an enqueue whose commit is in doubt is repeated safely.
//
// EnqueueTx and EnqueueWorkflowTx enqueue within a transaction of the caller's
// own: the work exists exactly when the caller's rows do.
package client
