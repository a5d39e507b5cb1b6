// Package telemetry is what a process tells about itself: its log, its
// metrics registry and its traces. Metrics belong to the package that counts;
// it registers them with the registry made here.
package telemetry
