package main

import (
	"fmt"
	"io/fs"
	"strings"

	"gopkg.in/yaml.v3"
)

// examples hold, for each key of each object by name, how it is written.
type examples map[string]string

// read takes the examples out of a file that is described by the definition
// called root. The first use of a key counts.
func (e examples) read(defs *definitions, fsys fs.FS, file, root string) error {
	data, err := fs.ReadFile(fsys, file)
	if err != nil {
		return err
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	n, err := defs.at(root)
	if err != nil {
		return err
	}
	return e.walk(n, doc.Content[0])
}

func (e examples) walk(n node, y *yaml.Node) error {
	switch {
	case y.Kind == yaml.SequenceNode:
		for _, item := range y.Content {
			if err := e.walk(n.items(), item); err != nil {
				return err
			}
		}
	case y.Kind == yaml.MappingNode:
		for i := 0; i < len(y.Content); i += 2 {
			if err := e.pair(n, y.Content[i], y.Content[i+1]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e examples) pair(n node, key, value *yaml.Node) error {
	child, declared := n.property(key.Value)
	if !declared {
		return e.walk(n.values().object(), value)
	}
	if name := n.name + "." + key.Value; e[name] == "" {
		text, err := flow(key, value)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		e[name] = text
	}
	return e.walk(child.target(), value)
}

// flow writes a key and its value on one line.
func flow(key, value *yaml.Node) (string, error) {
	plain := plainNode(value)
	if plain.Kind != yaml.ScalarNode {
		plain.Style = yaml.FlowStyle
	}
	bare := *key
	bare.HeadComment, bare.LineComment, bare.FootComment = "", "", ""
	b, err := yaml.Marshal(&yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{&bare, plain}})
	return strings.TrimSpace(string(b)), err
}

// plainNode returns a copy of n without comments.
func plainNode(n *yaml.Node) *yaml.Node {
	c := *n
	c.HeadComment, c.LineComment, c.FootComment = "", "", ""
	if c.Kind == yaml.ScalarNode {
		c.Style &^= yaml.FoldedStyle | yaml.LiteralStyle
	}
	c.Content = nil
	for _, child := range n.Content {
		c.Content = append(c.Content, plainNode(child))
	}
	return &c
}
