package main

import (
	"cmp"
	"slices"
)

// Area joins the groups of one subject.
type Area struct {
	Title    string    `json:"title"`
	Groups   []string  `json:"groups"`
	Packages []Package `json:"packages"` // in order of their paths
	Top      Top       `json:"top"`
}

// join makes an area of groups.
func join(title string, groups []Group) Area {
	a := Area{Title: title, Groups: []string{}, Packages: []Package{}}
	for _, g := range groups {
		a.Groups = append(a.Groups, g.Name)
		a.Packages = append(a.Packages, g.Packages...)
		a.Top.merge(g.Top)
	}
	sortByPath(a.Packages)
	return a
}

// packagesOf returns the packages of all areas in order of their paths.
func packagesOf(areas []Area) []Package {
	var all []Package
	for _, a := range areas {
		all = append(all, a.Packages...)
	}
	sortByPath(all)
	return all
}

func sortByPath(packages []Package) {
	slices.SortFunc(packages, func(a, b Package) int { return cmp.Compare(a.Path, b.Path) })
}

// sortedBy returns the packages that are wanted, by falling number, then path.
func sortedBy(packages []Package, number func(Package) float64, wanted func(Package) bool) []Package {
	var chosen []Package
	for _, p := range packages {
		if wanted(p) {
			chosen = append(chosen, p)
		}
	}
	slices.SortFunc(chosen, func(a, b Package) int {
		return cmp.Or(cmp.Compare(number(b), number(a)), cmp.Compare(a.Path, b.Path))
	})
	return chosen
}
