package main

import (
	"encoding/csv"
	"fmt"
	"os"
	"strconv"
)

// Total is what one region ordered.
type Total struct {
	Region string `json:"region"`
	Orders int    `json:"orders"`
	Pieces int    `json:"pieces"`
	Cents  int    `json:"cents"`
}

// The columns of a file of orders.
const (
	region = iota
	product
	pieces
	cents
)

// orders reads the rows of a file, without the first, which names the columns.
func orders(path string) ([][]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(rows) == 0 || len(rows[0]) != cents+1 {
		return nil, fmt.Errorf("%s is no file of orders", path)
	}
	return rows[1:], nil
}

// regions lists the regions in the order in which they first appear.
func regions(path string) ([]string, error) {
	rows, err := orders(path)
	list := []string{}
	seen := map[string]bool{}
	for _, row := range rows {
		if !seen[row[region]] {
			seen[row[region]] = true
			list = append(list, row[region])
		}
	}
	return list, err
}

// total adds up the orders of one region.
func total(path, of string) (Total, error) {
	rows, err := orders(path)
	t := Total{Region: of}
	for i, row := range rows {
		if row[region] != of {
			continue
		}
		n, err := strconv.Atoi(row[pieces])
		if err != nil {
			return t, fmt.Errorf("%s:%d: %s: %q is no number of pieces", path, i+2, row[product], row[pieces])
		}
		price, err := strconv.Atoi(row[cents])
		if err != nil {
			return t, fmt.Errorf("%s:%d: %s: %q is no price", path, i+2, row[product], row[cents])
		}
		t.Orders, t.Pieces, t.Cents = t.Orders+1, t.Pieces+n, t.Cents+n*price
	}
	return t, err
}
