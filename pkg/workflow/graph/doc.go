// Package graph draws workflows: as dot and mermaid for other tools, as JSON
// for programs, as SVG for browsers and as text for terminals. Names and
// queues may hold anything; each format quotes them its own way.
//
// Everything takes time about linear in jobs and dependencies.
package graph
