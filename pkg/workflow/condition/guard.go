package condition

import (
	"strings"
	"sync"

	"cel.dev/cel-go/common/functions"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

const (
	maxText  = 1 << 20    // bytes that one call of a function may write
	maxSteps = 20_000_000 // comparisons that one call may make
	maxMatch = 64 << 10   // bytes that a regular expression may look at
)

// guards refuse calls before they are made. CEL counts what a call cost after
// it, when the memory and the time are gone.
var guards = map[string]func(args []ref.Val) bool{
	"replace": func(args []ref.Val) bool {
		text, old, replacement := textOf(args[0]), textOf(args[1]), textOf(args[2])
		return len(text)+strings.Count(text, old)*len(replacement) <= maxText
	},
	"join":        func(args []ref.Val) bool { return textSize(args, maxText) <= maxText },
	"format":      func(args []ref.Val) bool { return textSize(args, maxText) <= maxText },
	"indexOf":     func(args []ref.Val) bool { return len(textOf(args[0]))*len(textOf(args[1])) <= maxSteps },
	"lastIndexOf": func(args []ref.Val) bool { return len(textOf(args[0]))*len(textOf(args[1])) <= maxSteps },
	"matches":     func(args []ref.Val) bool { return len(textOf(args[0])) <= maxMatch },
}

// tooLarge is the beginning of what a refused call says.
const tooLarge = "too large for "

// guarded returns the functions with guards, as programs take them.
var guarded = sync.OnceValue(func() []*functions.Overload {
	var all []*functions.Overload
	for name, allowed := range guards {
		bindings, err := environment().Functions()[name].Bindings()
		if err != nil {
			panic(err) // only if CEL's own declaration is wrong
		}
		for _, b := range bindings {
			refuse := types.NewErr(tooLarge+"%s()", name)
			guarded := *b
			if call := b.Binary; call != nil {
				guarded.Binary = func(x, y ref.Val) ref.Val {
					if !allowed([]ref.Val{x, y}) {
						return refuse
					}
					return call(x, y)
				}
			}
			if call := b.Unary; call != nil {
				guarded.Unary = func(x ref.Val) ref.Val {
					if !allowed([]ref.Val{x}) {
						return refuse
					}
					return call(x)
				}
			}
			if call := b.Function; call != nil {
				guarded.Function = func(args ...ref.Val) ref.Val {
					if !allowed(args) {
						return refuse
					}
					return call(args...)
				}
			}
			all = append(all, &guarded)
		}
	}
	return all
})

func textOf(v ref.Val) string {
	s, _ := v.(types.String)
	return string(s)
}

// textSize is at least the bytes that values take as text, and stops counting
// beyond limit. A separator counts for every item.
func textSize(args []ref.Val, limit int) int {
	separator := 0
	if len(args) > 1 {
		separator = len(textOf(args[1]))
	}
	size := 0
	var add func(v ref.Val)
	add = func(v ref.Val) {
		if size > limit {
			return
		}
		switch v := v.(type) {
		case types.String:
			size += len(v)
		case types.Bytes:
			size += 4 * len(v)
		case traits.Mapper:
			for it := v.Iterator(); it.HasNext() == types.True && size <= limit; {
				key := it.Next()
				size += 4
				add(key)
				add(v.Get(key))
			}
		case traits.Lister:
			for it := v.Iterator(); it.HasNext() == types.True && size <= limit; {
				size += 2 + separator
				add(it.Next())
			}
		default:
			size += 32
		}
	}
	for _, v := range args {
		add(v)
	}
	return size
}
