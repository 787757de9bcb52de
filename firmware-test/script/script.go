// Package script runs tests written as text: a command, "----", the output that is
// expected beneath, an empty line.
//
//	parse
//	select s1 from root.a
//	----
//	SELECT s1 FROM root.a
//
// The first line of a block is the command, the lines up to ---- are its input.
// Lines that begin with # are comments between blocks. An empty line inside an
// output is written ~. With -rewrite the expected output is replaced by the real
// one: commit only what you can explain.
//
// The package is for tests only and imports nothing of this project.
package script

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Command is one block of a script.
type Command struct {
	Line  int // of the first line, 1-based
	Name  string
	Args  []string // further words of the first line
	Input string   // lines between the first and ----, without the last newline
}

// Run runs every file that matches the pattern as a subtest. start is called at the
// beginning of each file and returns the function that executes a command.
func Run(t *testing.T, pattern string, rewrite bool, start func(t *testing.T) func(Command) string) {
	t.Helper()
	for _, file := range Files(t, pattern) {
		t.Run(Name(file), func(t *testing.T) { RunFile(t, file, rewrite, start(t)) })
	}
}

// Files returns the scripts that match the pattern; none is a failure.
func Files(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no script matches %s: %v", pattern, err)
	}
	return files
}

// Name returns the name of a script without folder and ending.
func Name(file string) string { return strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)) }

// RunFile executes one script; for tests that need something around it, such as a
// synctest bubble.
func RunFile(t *testing.T, file string, rewrite bool, run func(Command) string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got := runFile(t, file, string(text), rewrite, run)
	if rewrite && got != string(text) {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// runFile executes the blocks of a file and returns its text with the real outputs.
func runFile(t *testing.T, file, text string, rewrite bool, run func(Command) string) string {
	t.Helper()
	var out strings.Builder
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i := 0; i < len(lines); {
		if lines[i] == "" || strings.HasPrefix(lines[i], "#") {
			out.WriteString(lines[i] + "\n")
			i++
			continue
		}
		first := i
		i = until(lines, i, "----")
		if i == len(lines) {
			t.Fatalf("%s:%d: the block has no ----", file, first+1)
		}
		block := lines[first:i]
		end := until(lines, i, "")
		want := strings.Join(lines[i+1:end], "\n")
		i = end
		words := strings.Fields(block[0])
		got := run(Command{Line: first + 1, Name: words[0], Args: words[1:], Input: strings.Join(block[1:], "\n")})
		got = strings.ReplaceAll(strings.Trim(got, "\n"), "\n\n", "\n~\n")
		if got != want && !rewrite {
			t.Errorf("%s:%d: %s\ngot:\n%s\nwant:\n%s", file, first+1, block[0], got, want)
		}
		out.WriteString(strings.Join(block, "\n") + "\n----\n")
		if got != "" {
			out.WriteString(got + "\n")
		}
	}
	return out.String()
}

// until returns the index of the first line at or after i that equals what.
func until(lines []string, i int, what string) int {
	for i < len(lines) && lines[i] != what {
		i++
	}
	return i
}
