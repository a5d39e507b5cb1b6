// Package condition evaluates what the author of a workflow wrote in CEL: the
// condition of a job, which says whether it runs, and its `with:`, which makes
// its payload. It does no input or output.
//
// An expression speaks of the job's direct parents, deps.NAME.status, .result
// and .attempts (deps["a.b"] for names that are no identifier), of counts.STATUS over them, of the job's payload and
// metadata, and of now. With exactly one parent a bare identifier is a field
// of that parent's result: rows > 0 means deps.extract.result.rows > 0. That
// stays so when other parents are added to it.
//
// A parent without a result has the result null. Selecting a field of null, or
// a field that is not there, is an error; has(deps.extract.result.rows) and
// deps.extract.result.?rows.orValue(0) guard it. An error never reads as false.
//
// A number in JSON is an int if it is written without fraction and exponent
// and fits into 64 bits, otherwise a double. Comparisons work across both,
// arithmetic does not: double(rows) * 1.5.
//
// Of CEL's extensions it has optional types, math, and for texts lowerAscii,
// upperAscii, trim, substring, split, join and replace. The regular expression of
// matches() is a literal.
//
// Whatever is written ends soon. What a function looks at is weighed before the
// function sees it, and counts towards the cost that an evaluation may have; one
// pass over the largest result is well within it. A function whose work grows
// faster than its input is left out, and so are lists and sets.
package condition
