package loader

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/nango-lite/nango-lite/loader/internal/tree"
	"github.com/nango-lite/nango-lite/loader/internal/yamltree"
	"github.com/nango-lite/nango-lite/schema"
)

// A Lock is what the blueprints of an integrations file were when somebody last looked:
// the file beside it, see [LockName]. While it is there, [Load] takes a blueprint only as
// the lock has it.
type Lock struct {
	Format     int                        `yaml:"format"`
	Blueprints map[string]LockedBlueprint `yaml:"blueprints"` // by name:version
}

// A LockedBlueprint is a version with what it extends merged in, as far as it decides
// about authorization and calls: samples, notes and words for people are left out.
type LockedBlueprint struct {
	Digest string            `yaml:"digest"`           // sha256: and hexadecimal digits, of the values
	Values map[string]string `yaml:"values,omitempty"` // by dotted path, to say what has changed; of lists and empty maps, JSON
}

// LockFormat is what [Lock.Format] is today.
const LockFormat = 1

// LockName returns where the lock of an integrations file stands: integrations.lock for
// integrations.yaml.
func LockName(file string) string { return strings.TrimSuffix(file, filepath.Ext(file)) + ".lock" }

// lockHead explains a lock to who opens it.
const lockHead = "# What the blueprints were when somebody last looked. Keep this file with the integrations file; 'nango-lite lock' writes it.\n"

// Encode returns the lock as it is written to a file, the same for the same lock.
func (l *Lock) Encode() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(lockHead)
	e := yaml.NewEncoder(&b)
	e.SetIndent(4)
	if err := e.Encode(l); err != nil {
		return nil, fmt.Errorf("encode lock: %w", err)
	}
	return b.Bytes(), e.Close()
}

// ReadLock reads a lock from a file. The error is [fs.ErrNotExist] if there is none.
func ReadLock(name string) (*Lock, error) {
	data, err := readFile(name, yamltree.MaxBytes)
	if err != nil {
		return nil, err
	}
	if len(data) > yamltree.MaxBytes {
		return nil, errors.New("it is too large")
	}
	l := &Lock{}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(l); err != nil {
		return nil, errors.New("it is not what 'nango-lite lock' writes")
	}
	if l.Format != LockFormat {
		return nil, fmt.Errorf("it has the format %d, and this version of nango-lite reads %d", l.Format, LockFormat)
	}
	return l, nil
}

// Lock returns what a lock keeps of a version, such as notion:v0; false if there is no
// such version or it is broken.
func (c *Catalog) Lock(ref string) (LockedBlueprint, bool) {
	v := c.version(ref)
	if v.node == nil {
		return LockedBlueprint{}, false
	}
	values := map[string]any{}
	for _, name := range []string{"auth", "credentials", "connection", "requests", "operations"} {
		if n := v.node.Get(name); n != nil {
			lockValues(n, name, values)
		}
	}
	locked := LockedBlueprint{Values: map[string]string{}}
	hash := sha256.New()
	for _, path := range slices.Sorted(maps.Keys(values)) {
		text, err := json.Marshal(values[path])
		if err != nil {
			return LockedBlueprint{}, false
		}
		fmt.Fprintf(hash, "%q %s\n", path, text)
		if plain, ok := values[path].(string); ok {
			text = []byte(plain)
		}
		locked.Values[path] = string(text)
	}
	locked.Digest = "sha256:" + hex.EncodeToString(hash.Sum(nil))
	return locked, true
}

// lockValues collects what stands below n. A list of scalars is one value.
func lockValues(n *tree.Node, path string, out map[string]any) {
	switch {
	case n.Kind == tree.Map && len(n.Fields) > 0:
		for _, f := range n.Fields {
			lockValues(f.Value, path+"."+f.Name, out)
		}
	case n.Kind == tree.List && slices.ContainsFunc(n.Items, func(item *tree.Node) bool { return !item.IsScalar() }):
		for i, item := range n.Items {
			lockValues(item, fmt.Sprintf("%s.%d", path, i), out)
		}
	default:
		out[path] = n.JSON()
	}
}

// Changes says in words how a version differs from what was locked, each change a
// sentence without a full stop; nil if it does not.
func (was LockedBlueprint) Changes(now LockedBlueprint) []string {
	if was.Digest == now.Digest {
		return nil
	}
	paths := maps.Clone(was.Values)
	if paths == nil {
		paths = map[string]string{}
	}
	maps.Copy(paths, now.Values)
	var out []string
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		before, had := was.Values[path]
		after, has := now.Values[path]
		switch {
		case !had:
			out = append(out, fmt.Sprintf("%s is new: %s", path, briefly(after)))
		case !has:
			out = append(out, fmt.Sprintf("%s is gone, which was %s", path, briefly(before)))
		case before != after:
			out = append(out, fmt.Sprintf("%s changed from %s to %s", path, briefly(before), briefly(after)))
		}
	}
	if out == nil {
		return []string{"a value has become one of another type"}
	}
	return out
}

// longestShown is how much of a value a message holds, in runes.
const longestShown = 200

func briefly(text string) string {
	if text == "" {
		return "an empty text"
	}
	if runes := []rune(text); len(runes) > longestShown {
		text = string(runes[:longestShown]) + "…"
	}
	return oneLine(text)
}

// fewChanges is how many changes a finding tells; 'nango-lite lock' tells all.
const fewChanges = 3

// lockOf reads the lock beside a file. One that cannot be read lets no blueprint pass.
func (l *run) lockOf(file string) {
	l.lock, l.lockName = nil, LockName(file)
	if l.opts.Unlocked || l.lockName == file {
		return
	}
	lock, err := ReadLock(l.lockName)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		l.report(Diagnostic{Place: Place{File: l.lockName}, Severity: Error, Code: "bad-lock", Message: "the lock cannot be read: " + reason(err),
			Hint: "write it anew: nango-lite lock --update"})
		l.lock = &Lock{Format: -1}
	default:
		l.lock = lock
	}
}

// unchanged reports whether a blueprint is as the lock has it. One that the lock does not
// know passes with a warning, unless the reference says no version and meant another.
func (l *run) unchanged(ref *tree.Node, pinned bool, report func(Severity, string, string, string)) bool {
	switch {
	case l.lock == nil:
		return true
	case l.lock.Format < 0:
		return false // reported once, for all
	}
	base, this := filepath.Base(l.lockName), ref.Text
	if ref.Origin.Reference != "" {
		this = "what " + ref.Origin.Reference + " names" // messages never quote what comes from outside
	}
	was, known := l.lock.Blueprints[ref.Text]
	if !known {
		name, _, _ := strings.Cut(ref.Text, ":")
		if other := l.lock.versionsOf(name); !pinned && other != nil {
			report(Error, "changed-blueprint", fmt.Sprintf("without a version this is %s now, and %s has %s", this, base, strings.Join(other, " and ")),
				"pin one, or see what is new and take it: nango-lite lock --update")
			return false
		}
		report(Warning, "unlocked-blueprint", fmt.Sprintf("%s is not in %s, so that a change of it will not be noticed", this, base), "add it: nango-lite lock")
		return true
	}
	now, _ := l.catalog.Lock(ref.Text)
	changes := was.Changes(now)
	if changes == nil {
		return true
	}
	if more := len(changes) - fewChanges; more > 0 {
		changes = append(changes[:fewChanges:fewChanges], fmt.Sprintf("and %d more", more))
	}
	report(Error, "changed-blueprint", fmt.Sprintf("%s is not what %s has: %s", this, base, strings.Join(changes, "; ")),
		"if that is as it should be: nango-lite lock --update")
	return false
}

// versionsOf returns the versions of a blueprint that the lock knows.
func (l *Lock) versionsOf(name string) (refs []string) {
	for _, ref := range slices.Sorted(maps.Keys(l.Blueprints)) {
		if strings.HasPrefix(ref, name+":") {
			refs = append(refs, ref)
		}
	}
	return refs
}

// sunset says that an API ends, or has ended; "" if it is not known to.
func sunset(v *schema.Version, today string) string {
	switch {
	case v.Sunset == "":
		return ""
	case v.Sunset < today:
		return ", and ended on " + v.Sunset
	}
	return ", and ends on " + v.Sunset
}
