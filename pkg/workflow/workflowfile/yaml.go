package workflowfile

import (
	"cmp"
	"errors"
	"fmt"
	"io"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/scanner"
	"github.com/goccy/go-yaml/token"

	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// hintYAML is for what the parser cannot read.
const hintYAML = "look at indentation, quotes and brackets there and just before; tabs do not indent"

// maxTokens bounds what the YAML library allocates: about 250 bytes a token.
const maxTokens = 4_000_000

// readYAML reads a YAML file of one document.
func readYAML(data []byte) (root *node, duplicates []workflow.Fault, err error) {
	// The library is the one part here that is not ours to make safe: what it
	// cannot read must not end the process.
	defer func() {
		if p := recover(); p != nil {
			root, err = nil, syntax(position{1, 1}, "check the file with a YAML linter", "the file is not valid YAML: %v", p)
		}
	}()
	tokens, err := scan(string(data))
	if err != nil {
		return nil, nil, err
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, nil, yamlSyntax(err)
	}
	body, err := onlyDocument(file)
	if err != nil {
		return nil, nil, err
	}
	r := &yamlReader{anchors: make(map[string]*node)}
	root, err = r.value(body, 0)
	return root, r.names.duplicates, err
}

// scan splits the text and bounds number and depth of what it finds, before
// the parser recurses into it.
func scan(text string) (token.Tokens, error) {
	var s scanner.Scanner
	s.Init(text)
	var tokens token.Tokens
	var nesting nesting
	for {
		next, err := s.Scan()
		if errors.Is(err, io.EOF) {
			return tokens, nil
		}
		if err != nil {
			return nil, yamlSyntax(err)
		}
		for _, t := range next {
			if t.Type == token.InvalidType {
				return nil, syntax(place(t), hintYAML, "the file is not valid YAML: %s", t.Error)
			}
			nesting.see(t)
			if nesting.depth() > maxDepth {
				return nil, tooLarge(place(t), "the file has more than %d levels", maxDepth)
			}
			tokens.Add(t)
		}
		if len(tokens) > maxTokens {
			return nil, tooLarge(position{}, "the YAML has more than %d words and marks", maxTokens)
		}
	}
}

// nesting follows how deep the parser will be at a token. Flow levels are
// counted by their brackets, block levels by rising columns. Between two marks
// every anchor, tag and, in flow, every colon may be one level more.
type nesting struct {
	flow    int
	columns []int
	chain   int
}

func (n *nesting) see(t *token.Token) {
	switch t.Type {
	case token.SequenceStartType, token.MappingStartType:
		n.flow++
		n.chain = 0
	case token.SequenceEndType, token.MappingEndType:
		n.flow = max(0, n.flow-1)
		n.chain = 0
	case token.CollectEntryType:
		n.chain = 0
	case token.AnchorType, token.TagType:
		n.chain++
	case token.SequenceEntryType, token.MappingKeyType, token.MappingValueType:
		if n.flow > 0 {
			n.chain++
			return
		}
		n.chain = 0
		n.block(t)
	}
}

// block notes the column of a dash, a question mark or a key.
func (n *nesting) block(t *token.Token) {
	column := t.Position.Column
	if t.Type == token.MappingValueType && t.Prev != nil {
		column = t.Prev.Position.Column
	}
	for len(n.columns) > 0 && n.columns[len(n.columns)-1] >= column {
		n.columns = n.columns[:len(n.columns)-1]
	}
	n.columns = append(n.columns, column)
}

func (n *nesting) depth() int { return n.flow + len(n.columns) + n.chain }

// yamlSyntax places an error of the YAML library.
func yamlSyntax(err error) error {
	var located yaml.Error
	if errors.As(err, &located) && located.GetToken() != nil {
		return syntax(place(located.GetToken()), hintYAML, "the file is not valid YAML: %s", located.GetMessage())
	}
	var invalid *scanner.InvalidTokenError
	if errors.As(err, &invalid) && invalid.Token != nil {
		return syntax(place(invalid.Token), hintYAML, "the file is not valid YAML: %s", invalid.Token.Error)
	}
	return syntax(position{1, 1}, hintYAML, "the file is not valid YAML: %v", err)
}

func onlyDocument(file *ast.File) (ast.Node, error) {
	var body ast.Node
	for _, d := range file.Docs {
		if d.Body == nil || d.Body.Type() == ast.DirectiveType || d.Body.Type() == ast.CommentType {
			continue
		}
		if body != nil {
			return nil, syntax(place(cmp.Or(d.Start, d.Body.GetToken())), "a file holds one workflow", "the file has several documents")
		}
		body = d.Body
	}
	if body == nil {
		return nil, empty()
	}
	return body, nil
}

func place(t *token.Token) position {
	if t == nil || t.Position == nil {
		return position{1, 1}
	}
	return position{int32(max(1, t.Position.Line)), int32(max(1, t.Position.Column))}
}

// yamlReader turns the library's tree into ours: aliases and merge keys
// resolved, scalars read by the core schema of YAML 1.2.
type yamlReader struct {
	anchors map[string]*node // the latest of each name
	values  int              // made so far, and fields copied by merges
	names   fieldNames
}

func (r *yamlReader) value(from ast.Node, depth int) (*node, error) {
	n := &node{at: place(from.GetToken())}
	if r.values++; r.values > maxValues {
		return nil, tooLarge(n.at, "the file has more than %d values", maxValues)
	}
	if depth > maxDepth {
		return nil, tooLarge(n.at, "the file has more than %d levels", maxDepth)
	}
	var err error
	switch from := from.(type) {
	case *ast.AliasNode:
		return r.alias(from)
	case *ast.AnchorNode:
		value, err := r.optional(from.Value, n.at, depth)
		if err == nil && from.Name != nil {
			r.anchors[from.Name.GetToken().Value] = value
		}
		return value, err
	case *ast.TagNode:
		return r.tagged(from, depth)
	case *ast.MappingNode:
		err = r.mapping(n, from.Values, depth)
	case *ast.MappingValueNode:
		err = r.mapping(n, []*ast.MappingValueNode{from}, depth)
	case *ast.SequenceNode:
		err = r.sequence(n, from.Values, depth)
	case *ast.LiteralNode:
		n.kind, n.scalar = text, from.Value.Value
	default:
		err = scalar(n, from.GetToken())
	}
	if err != nil {
		return nil, err
	}
	if n.height > maxDepth {
		return nil, tooLarge(n.at, "the file has more than %d levels", maxDepth)
	}
	return n, nil
}

// optional reads a value that may be left out, which is null.
func (r *yamlReader) optional(from ast.Node, at position, depth int) (*node, error) {
	if from == nil {
		return &node{at: at}, nil
	}
	return r.value(from, depth+1)
}

func (r *yamlReader) alias(from *ast.AliasNode) (*node, error) {
	at := place(from.GetToken())
	if from.Value == nil {
		return nil, syntax(at, "", "the alias has no name")
	}
	name := from.Value.GetToken().Value
	n, ok := r.anchors[name]
	if !ok {
		return nil, syntax(at, fmt.Sprintf("put &%s before the value it stands for", name), "the alias *%s has no anchor before it", name)
	}
	return n, nil
}

func (r *yamlReader) tagged(from *ast.TagNode, depth int) (*node, error) {
	at := place(from.GetToken())
	value, err := r.optional(from.Value, at, depth)
	if err != nil {
		return nil, err
	}
	tag := from.Start.Value
	switch {
	case tag == "!!str" && value.kind < list:
		n := *value
		n.kind = text
		if from.Value != nil {
			n.scalar = written(from.Value, value)
		}
		return &n, nil
	case tag == "!!map" && value.kind == object, tag == "!!seq" && value.kind == list,
		tag == "!!bool" && value.kind == boolean, tag == "!!null" && value.kind == null,
		(tag == "!!int" || tag == "!!float") && value.kind == number:
		return value, nil
	}
	return nil, syntax(at, "leave the tag out", "the tag %s does not fit %s", quote(tag), value.kind)
}

// written returns the characters of a plain scalar before they were read as a
// number, a boolean or null.
func written(from ast.Node, value *node) string {
	if value.kind == text {
		return value.scalar
	}
	if t := from.GetToken(); t.Type != token.ImplicitNullType {
		return t.Value
	}
	return ""
}

func (r *yamlReader) sequence(n *node, values []ast.Node, depth int) error {
	n.kind, n.height = list, 1
	n.items = make([]*node, 0, len(values))
	for _, v := range values {
		item, err := r.optional(v, n.at, depth)
		if err != nil {
			return err
		}
		n.items = append(n.items, item)
		n.height = max(n.height, item.height+1)
	}
	return nil
}

func (r *yamlReader) mapping(n *node, values []*ast.MappingValueNode, depth int) error {
	n.kind, n.height = object, 1
	var names nameSet
	var merged []*node
	for _, v := range values {
		at := place(v.Key.GetToken())
		value, err := r.optional(v.Value, at, depth)
		if err != nil {
			return err
		}
		n.height = max(n.height, value.height+1)
		if _, ok := v.Key.(*ast.MergeKeyNode); ok {
			merged = append(merged, value)
			continue
		}
		name, err := keyName(v.Key)
		if err != nil {
			return err
		}
		if r.names.isNew(&names, n.fields, name, at) {
			n.fields = append(n.fields, field{name, at, value})
		}
	}
	if len(n.fields) > 0 {
		n.at = n.fields[0].at
	}
	for _, m := range merged {
		if err := r.merge(n, &names, m); err != nil {
			return err
		}
	}
	return nil
}

// merge copies the fields of from, an object or a list of objects, that n does
// not have.
func (r *yamlReader) merge(n *node, names *nameSet, from *node) error {
	sources := []*node{from}
	if from.kind == list {
		sources = from.items
	}
	for _, source := range sources {
		if source.kind != object {
			return syntax(source.at, "write <<: *name", "a merge key takes objects, not %s", source.kind)
		}
		if r.values += len(source.fields); r.values > maxValues {
			return tooLarge(n.at, "the file has more than %d values", maxValues)
		}
		n.height = max(n.height, source.height)
		for _, f := range source.fields {
			if names.add(n.fields, f.name) {
				n.fields = append(n.fields, f)
			}
		}
	}
	return nil
}

// keyName returns the text of a key. Plain numbers and words are their text.
func keyName(key ast.MapKeyNode) (string, error) {
	t := key.GetToken()
	switch key := key.(type) {
	case *ast.StringNode:
		return key.Value, checkEscapes(place(t), key.Value)
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode, *ast.InfinityNode, *ast.NanNode:
		return t.Value, nil
	}
	return "", syntax(place(t), "write the key as a plain word or in quotes", "the key is not a text")
}
