package graph

import "github.com/hammerwork/hammerwork/pkg/job"

// palette is how a status looks on light ground and, in SVG, on dark.
type palette struct {
	status                           job.Status
	mark                             string // in a terminal
	fill, stroke, text               string
	darkFill, darkStroke, darkLetter string
}

var palettes = []palette{
	{job.Pending, "·", "#f6f8fa", "#8c959f", "#1f2328", "#21262d", "#768390", "#e6edf3"},
	{job.Running, "▶", "#ddf4ff", "#0969da", "#0a3069", "#0c2d6b", "#58a6ff", "#cae8ff"},
	{job.Retrying, "↻", "#fff8c5", "#9a6700", "#4d2d00", "#3b2300", "#d29922", "#f8e3a1"},
	{job.Suspended, "‖", "#fbefff", "#8250df", "#3e1f79", "#271052", "#a371f7", "#eddeff"},
	{job.Completed, "✓", "#dafbe1", "#1a7f37", "#033a16", "#04260f", "#3fb950", "#aff5b4"},
	{job.Failed, "✗", "#ffebe9", "#d1242f", "#67060c", "#490202", "#f85149", "#ffdcd7"},
	{job.Dead, "✗", "#ffebe9", "#a40e26", "#67060c", "#490202", "#f85149", "#ffdcd7"},
	{job.TimedOut, "✗", "#fff1e5", "#bc4c00", "#5c2200", "#3d1300", "#db6d28", "#ffdfb6"},
	{job.UpstreamFailed, "!", "#fff5f4", "#e5534b", "#82071e", "#2d0a0a", "#b62324", "#ffb3ad"},
	{job.Cancelled, "–", "#eaeef2", "#6e7781", "#424a53", "#161b22", "#6e7681", "#b1bac4"},
	{job.Skipped, "↷", "#f6f8fa", "#afb8c1", "#6e7781", "#161b22", "#484f58", "#8b949e"},
}

// paletteOf returns how a status looks; an unknown one looks like none.
func paletteOf(s job.Status) palette {
	for _, p := range palettes {
		if p.status == s {
			return p
		}
	}
	return palette{mark: " ", fill: "#ffffff"}
}
