// Package storetest is the contract of package store: one suite of tests that
// every implementation runs unchanged. Each test is named by a sentence that
// must be true of a store. A new method of the interface starts here.
//
// The suite speaks to a database only through store.Store and a Harness. It
// never sleeps: time passes when Harness.Advance says so. All of its times are
// so long that the running clock of a real server makes no difference.
package storetest
