package replay

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Rows returns what a node of the run held at the end: the rows of "select * from
// root.** align by device", each as Line writes it, sorted. Times are milliseconds,
// values have the form of goclient. file is sender.txt or receiver.txt.
func Rows(fsys fs.FS, dir, file string) ([]string, error) {
	series, err := cells(fsys, path.Join(dir, "receiver-timeseries.txt"))
	if err != nil {
		return nil, err
	}
	types := map[string]string{}
	name, kind := slices.Index(series[0], "Timeseries"), slices.Index(series[0], "DataType")
	for _, r := range series[1:] {
		types[r[name]] = r[kind]
	}
	rows, err := cells(fsys, path.Join(dir, file))
	if err != nil {
		return nil, err
	}
	head := rows[0]
	if len(head) < 3 || head[0] != "Time" || head[1] != "Device" {
		return nil, fmt.Errorf("replay: %s/%s has no columns Time and Device", dir, file)
	}
	var lines []string
	for _, r := range rows[1:] {
		at, err := time.Parse(time.RFC3339, r[0])
		if err != nil {
			return nil, fmt.Errorf("replay: %s/%s: %w", dir, file, err)
		}
		r[0] = strconv.FormatInt(at.UnixMilli(), 10)
		for i, text := range r[2:] {
			if text == "null" {
				continue
			}
			s := r[1] + "." + head[i+2]
			if r[i+2], err = normal(types[s], text); err != nil {
				return nil, fmt.Errorf("replay: %s/%s: %s: %w", dir, file, s, err)
			}
		}
		lines = append(lines, Line(head, r))
	}
	slices.Sort(lines)
	return lines, nil
}

// Listing returns the rows of another table of the run as Line writes them, sorted:
// receiver-timeseries.txt and receiver-devices.txt are what SHOW TIMESERIES and SHOW
// DEVICES gave.
func Listing(fsys fs.FS, dir, file string) ([]string, error) {
	rows, err := cells(fsys, path.Join(dir, file))
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, r := range rows[1:] {
		lines = append(lines, Line(rows[0], r))
	}
	slices.Sort(lines)
	return lines, nil
}

// Line writes a row of a table with its columns in alphabetical order, nulls
// included: two tables with the same rows give the same lines.
func Line(columns, row []string) string {
	words := make([]string, len(row))
	for i, text := range row {
		words[i] = columns[i] + "=" + text
	}
	slices.Sort(words)
	return strings.Join(words, " ")
}

// normal writes a value as goclient does.
func normal(kind, text string) (string, error) {
	switch kind {
	case "":
		return "", fmt.Errorf("a series without a type")
	case "FLOAT":
		v, err := strconv.ParseFloat(text, 32)
		return strconv.FormatFloat(v, 'g', -1, 32), err
	case "DOUBLE":
		v, err := strconv.ParseFloat(text, 64)
		return strconv.FormatFloat(v, 'g', -1, 64), err
	case "TIMESTAMP":
		at, err := time.Parse(time.RFC3339, text)
		return strconv.FormatInt(at.UnixMilli(), 10), err
	}
	return text, nil
}

// cells reads a table as IoTDB's command line prints it; the first row is the head.
func cells(fsys fs.FS, name string) (rows [][]string, err error) {
	b, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("replay: %w", err)
	}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimRight(line, "\r\n")
		if !strings.HasPrefix(line, "|") || !strings.HasSuffix(line, "|") {
			continue
		}
		row := strings.Split(line[1:len(line)-1], "|")
		for i := range row {
			row[i] = strings.TrimLeft(row[i], " ")
		}
		if len(rows) > 0 && len(row) != len(rows[0]) {
			return nil, fmt.Errorf("replay: %s: a row of %d cells below %d columns", name, len(row), len(rows[0]))
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("replay: %s holds no table", name)
	}
	return rows, nil
}
