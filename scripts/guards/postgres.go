package main

import "slices"

const (
	postgresPrefix  = "postgres: "
	postgresQueries = "internal/store/postgres/queries/"
)

var postgresGuards []guard
var _ = slices.Sort[[]int]
