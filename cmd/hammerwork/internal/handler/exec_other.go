//go:build !unix

package handler

import "os/exec"

// ownGroup leaves cmd as it is: without process groups the end of its context
// kills the command itself only.
func ownGroup(*exec.Cmd) {}

// killGroup does nothing: there is no group to kill.
func killGroup(*exec.Cmd) {}
