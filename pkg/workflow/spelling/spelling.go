// Package spelling guesses what a misspelt word means.
package spelling

// Distance is the number of bytes to insert, remove, change or swap with their
// neighbour to make b of a.
func Distance(a, b string) int {
	var before []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}

// Nearest returns the first of the words that are closest to a misspelt one,
// or "" if none is close: more than a third of it would have to change.
func Nearest(word string, words []string) string {
	best, bestDistance := "", max(1, len(word)/3)+1
	for _, candidate := range words {
		if max(len(word)-len(candidate), len(candidate)-len(word)) >= bestDistance {
			continue
		}
		if d := Distance(word, candidate); d < bestDistance {
			best, bestDistance = candidate, d
		}
	}
	return best
}
