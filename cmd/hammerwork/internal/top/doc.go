// Package top shows what a server does at this moment: queues, workers, open
// workflows and the newest failures, again and again on a terminal, or once as
// text.
package top
