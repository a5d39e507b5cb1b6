// Package bustest is the contract of bus.Bus: every implementation runs it.
package bustest
