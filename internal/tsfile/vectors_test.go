package tsfile

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// The manifest beside the files of real writers: what each holds.
type manifest struct {
	Values map[string][]json.RawMessage `json:"value_sets"`
	Files  []vectorFile                 `json:"files"`
}

type vectorFile struct {
	File      string            `json:"file"`
	Version   byte              `json:"format_version"`
	Model     string            `json:"model"`
	Device    string            `json:"device"`
	Aligned   bool              `json:"aligned"`
	Rows      int               `json:"rows"`
	First     string            `json:"first_time"`
	Step      int64             `json:"step"`
	Columns   []vectorColumn    `json:"columns"`
	Writes    []json.RawMessage `json:"writes"`
	Kind      string            `json:"kind"`
	Deletions []vectorDeletion  `json:"deletions"`
	Real      string            `json:"real_reader"`
}

type vectorColumn struct {
	Name       string          `json:"name"`
	Type       string          `json:"type"`
	Encoding   string          `json:"encoding"`
	Compressor string          `json:"compressor"`
	Category   string          `json:"category"`
	Values     json.RawMessage `json:"values"`
}

type vectorWrite struct {
	Device  string         `json:"device"`
	Table   string         `json:"table"`
	Aligned bool           `json:"aligned"`
	Times   []string       `json:"timestamps"`
	Columns []vectorColumn `json:"columns"`
}

type vectorDeletion struct {
	Path   string  `json:"path"`
	Start  string  `json:"start"`
	End    string  `json:"end"`
	Offset *string `json:"file_offset"`
}

// points is what a file holds: "device.measurement TYPE" to time to value.
type points map[string]map[int64]string

func (p points) put(device, name, typ string, time int64, value string) {
	key := device + "." + name + " " + typ
	if p[key] == nil {
		p[key] = map[int64]string{}
	}
	p[key][time] = value
}

func TestVectors(t *testing.T) {
	for _, set := range []string{"v3", "v3-1.3.7", "v4"} {
		m := loadManifest(t, set)
		for _, f := range m.Files {
			if f.Kind != "" {
				continue
			}
			t.Run(set+"/"+f.File, func(t *testing.T) {
				b := readFile(t, filepath.Join("testdata", set, f.File))
				r, err := Open(bytes.NewReader(b), int64(len(b)), Limits{})
				if err != nil {
					t.Fatal(err)
				}
				if r.Footer().Version != f.Version {
					t.Errorf("version %d, want %d", r.Footer().Version, f.Version)
				}
				want := m.expected(t, f)
				have := readAll(t, r)
				compare(t, have, want)
			})
		}
	}
}

func loadManifest(t testing.TB, set string) *manifest {
	t.Helper()
	m := &manifest{}
	if err := json.Unmarshal(readFile(t, filepath.Join("testdata", set, "manifest.json")), m); err != nil {
		t.Fatal(err)
	}
	return m
}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// expected collects the points the manifest promises. Of SPRINTZ floats it takes what
// the real reader returns.
func (m *manifest) expected(t *testing.T, f vectorFile) points {
	p := points{}
	first, _ := strconv.ParseInt(f.First, 10, 64)
	for _, c := range f.Columns {
		var set string
		if err := json.Unmarshal(c.Values, &set); err != nil {
			t.Fatal(err)
		}
		if c.Name == "float_sprintz" || c.Name == "double_sprintz" {
			set = c.Name + " as the real reader returns it"
		}
		for i := range f.Rows {
			p.put(f.Device, c.Name, c.Type, first+int64(i)*f.Step, manifestValue(t, m.Values[set][i], c.Type))
		}
	}
	for _, raw := range f.Writes {
		if string(raw) == `"flush"` {
			continue
		}
		var w vectorWrite
		if err := json.Unmarshal(raw, &w); err != nil {
			t.Fatal(err)
		}
		w.expect(t, p)
	}
	return p
}

func (w *vectorWrite) expect(t *testing.T, p points) {
	tags := make([]string, len(w.Times))
	for i := range tags {
		tags[i] = w.Device + w.Table
	}
	for _, c := range w.Columns {
		var values []json.RawMessage
		if err := json.Unmarshal(c.Values, &values); err != nil {
			t.Fatal(err)
		}
		for i, v := range values {
			time, _ := strconv.ParseInt(w.Times[i], 10, 64)
			switch {
			case string(v) == "null":
			case c.Category == "TAG":
				tags[i] += "." + manifestValue(t, v, c.Type)
			default:
				p.put(tags[i], c.Name, c.Type, time, manifestValue(t, v, c.Type))
			}
		}
	}
}

// manifestValue brings a value of the manifest to the form of cellText.
func manifestValue(t *testing.T, raw json.RawMessage, typ string) string {
	text := string(raw)
	if strings.HasPrefix(text, `"`) {
		if err := json.Unmarshal(raw, &text); err != nil {
			t.Fatal(err)
		}
	}
	switch typ {
	case "FLOAT", "DOUBLE":
		bits := 64
		if typ == "FLOAT" {
			bits = 32
		}
		v, err := strconv.ParseFloat(text, bits)
		if err != nil {
			t.Fatal(err)
		}
		return floatText(v)
	case "TEXT", "STRING", "BLOB":
		if h, ok := strings.CutPrefix(text, "hex:"); ok {
			b, _ := hex.DecodeString(h)
			return string(b)
		}
	}
	return text
}

func floatText(v float64) string {
	if math.IsNaN(v) {
		return "NaN"
	}
	return strconv.FormatUint(math.Float64bits(v), 16)
}

func cellText(c *tablet.Column, i int) string {
	switch c.Type.Physical() {
	case tablet.PhysicalBool:
		return strconv.FormatBool(c.Bools[i])
	case tablet.PhysicalInt32:
		return strconv.Itoa(int(c.Int32s[i]))
	case tablet.PhysicalInt64:
		return strconv.FormatInt(c.Int64s[i], 10)
	case tablet.PhysicalFloat:
		return floatText(float64(c.Floats[i]))
	case tablet.PhysicalDouble:
		return floatText(c.Doubles[i])
	}
	return string(c.Bytes.At(i))
}

// readAll reads a whole file by its index.
func readAll(t testing.TB, r *Reader) points {
	t.Helper()
	p := points{}
	for d, err := range r.Devices() {
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Footer().Tables) == 0 { // found by its path, too
			id, err := r.DeviceID(d.ID.String())
			if err != nil {
				t.Fatal(err)
			}
			if again, err := r.Device(id); err != nil || again == nil {
				t.Fatalf("%s not found by path: %v", d.ID, err)
			}
		}
		s, err := r.Scan(Everything(d.ID))
		if err != nil {
			t.Fatal(err)
		}
		for {
			b, err := s.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			p.add(t, d.ID.String(), b)
		}
	}
	return p
}

func (p points) add(t testing.TB, device string, b *tablet.Tablet) {
	t.Helper()
	if err := b.Validate(); err != nil && !strings.Contains(err.Error(), "UTF-8") {
		t.Fatal(err)
	}
	for j := range b.Columns {
		c := &b.Columns[j]
		for i, time := range b.Times {
			if !c.Nulls.Get(i) {
				p.put(device, c.Name, c.Type.String(), time, cellText(c, i))
			}
		}
	}
}

func compare(t testing.TB, have, want points) {
	t.Helper()
	for k, w := range want {
		h := have[k]
		if len(h) != len(w) {
			t.Errorf("%s: %d points, want %d", k, len(h), len(w))
		}
		for time, v := range w {
			if h[time] != v {
				t.Errorf("%s at %d: %s, want %s", k, time, printable(h[time]), printable(v))
				break
			}
		}
	}
	for k := range have {
		if want[k] == nil {
			t.Errorf("%s: not in the manifest", k)
		}
	}
}

func printable(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return fmt.Sprintf("%x", s)
}
