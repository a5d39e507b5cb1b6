package main

import "go/ast"

// api notes the exported names of a file and whether they have a comment:
// their own, one at the end of their line, or that of the group they stand in.
// Methods count when their type is exported.
func (c *counter) api(f *ast.File) {
	note := func(name string, comments ...*ast.CommentGroup) {
		documented := false
		for _, group := range comments {
			documented = documented || group.Text() != ""
		}
		c.exported[name] = c.exported[name] || documented
	}
	for _, decl := range f.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			name := d.Name.Name
			if d.Recv != nil {
				receiver := receiverOf(d)
				if !ast.IsExported(receiver) {
					continue
				}
				name = receiver + "." + name
			}
			if d.Name.IsExported() {
				note(name, d.Doc)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					if s.Name.IsExported() {
						note(s.Name.Name, d.Doc, s.Doc, s.Comment)
					}
				case *ast.ValueSpec:
					for _, id := range s.Names {
						if id.IsExported() {
							note(id.Name, d.Doc, s.Doc, s.Comment)
						}
					}
				}
			}
		}
	}
}

// receiverOf returns the name of a method's type, empty for a function.
func receiverOf(fn *ast.FuncDecl) string {
	if fn.Recv == nil || len(fn.Recv.List) == 0 {
		return ""
	}
	expr := fn.Recv.List[0].Type
	for {
		switch e := expr.(type) {
		case *ast.StarExpr:
			expr = e.X
		case *ast.ParenExpr:
			expr = e.X
		case *ast.IndexExpr:
			expr = e.X
		case *ast.IndexListExpr:
			expr = e.X
		case *ast.Ident:
			return e.Name
		default:
			return ""
		}
	}
}
