// Package docs holds tests that keep the documents true: links lead somewhere,
// the names of code exist, snippets are read and commands are run. It has no
// code of its own.
package docs
