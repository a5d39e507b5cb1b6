package workflowfile

import (
	"fmt"

	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// fieldNames collects the faults of fields that an object has twice.
type fieldNames struct{ duplicates []workflow.Fault }

// isNew reports whether an object with fields has no field name yet, and a
// fault if it has.
func (n *fieldNames) isNew(set *nameSet, fields []field, name string, at position) bool {
	if set.add(fields, name) {
		return true
	}
	if len(n.duplicates) <= maxFaults {
		n.duplicates = append(n.duplicates, workflow.Fault{
			Code: workflow.CodeInvalid, Line: int(at.line), Column: int(at.column), Hint: "keep one of them",
			Message: fmt.Sprintf("the field %s is there twice", quote(name)),
		})
	}
	return false
}

// nameSet finds names that an object has twice. Most objects are small and
// need no map.
type nameSet struct{ names map[string]bool }

// add reports whether name is new to fields; the caller adds it to them.
func (s *nameSet) add(fields []field, name string) bool {
	if s.names == nil && len(fields) < 16 {
		for _, f := range fields {
			if f.name == name {
				return false
			}
		}
		return true
	}
	if s.names == nil {
		s.names = make(map[string]bool)
		for _, f := range fields {
			s.names[f.name] = true
		}
	}
	if s.names[name] {
		return false
	}
	s.names[name] = true
	return true
}
