// Package output writes results for people and for programs: aligned tables,
// JSON and YAML, and text from outside made safe for a terminal.
package output
