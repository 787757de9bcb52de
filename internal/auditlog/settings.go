package auditlog

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/sluice-gateway/sluice/internal/audit"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// Change is a setting with another value than before. Secrets are masked.
type Change struct{ Key, Old, New string }

// maxSettings bounds the file of settings, in bytes.
const maxSettings = 1 << 20

// Settings compares settings with those in a file, replaces the file, and returns
// what changed and the hash of all: SHA-256 over the lines key=quoted value, sorted.
// Values of secrets are masked before they are hashed, compared or kept; that one
// changed does not show.
func Settings(fsys vfs.FS, file string, now map[string]string) ([]Change, audit.Hash, error) {
	masked := map[string]string{}
	for k, v := range now {
		if v != "" && audit.IsSecret(k) {
			v = audit.Masked
		}
		masked[k] = v
	}
	text := settingsText(masked)
	hash := audit.Hash(sha256.Sum256(text))
	old, err := vfs.ReadFile(fsys, file, maxSettings)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, hash, vfs.WriteFile(fsys, file, text)
	}
	if err != nil {
		return nil, hash, fmt.Errorf("auditlog: %w", err)
	}
	if string(old) == string(text) {
		return nil, hash, nil
	}
	var out []Change
	before := parseSettings(old)
	for _, k := range union(before, masked) {
		if before[k] != masked[k] {
			out = append(out, Change{k, before[k], masked[k]})
		}
	}
	return out, hash, vfs.WriteFile(fsys, file, text)
}

func settingsText(m map[string]string) []byte {
	var b strings.Builder
	for _, k := range union(m, nil) {
		fmt.Fprintf(&b, "%s=%s\n", k, strconv.Quote(m[k]))
	}
	return []byte(b.String())
}

func parseSettings(text []byte) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(string(text)) {
		k, v, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if s, err := strconv.Unquote(v); err == nil {
			out[k] = s
		}
	}
	return out
}

// union returns the keys of both maps, sorted.
func union(a, b map[string]string) []string {
	var out []string
	for k := range a {
		out = append(out, k)
	}
	for k := range b {
		if _, ok := a[k]; !ok {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}
