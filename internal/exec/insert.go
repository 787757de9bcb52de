package exec

import (
	"context"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/query"
	"github.com/sluice-gateway/sluice/internal/rpc"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// insert writes the rows of an INSERT as one tablet. A value that does not fit its
// series is left out with status 507; the others are written.
func (b *Backend) insert(ctx context.Context, s *rpc.Session, st *sql.Insert) error {
	device, err := tablet.Normalize(query.PathText(st.Device))
	if err != nil {
		return status.Errorf(status.IllegalPath, "%w", err)
	}
	t := &tablet.Tablet{Device: device, Aligned: st.Aligned}
	if t.Times, err = b.times(st); err != nil {
		return err
	}
	if err := plausible(t.Times, b.cfg.Precision); err != nil {
		return err
	}
	var wrong []string
	reason := ""
	seen := map[string]bool{}
	for i, name := range st.Measurements {
		if name, err = measurement(name); err != nil {
			return err
		}
		if seen[name] {
			return status.Errorf(status.Semantic, "Insertion contains duplicated measurement: %s", name)
		}
		seen[name] = true
		c, why := b.column(device, name, st.Rows, i)
		if why != "" {
			wrong, reason = append(wrong, name), why
		}
		if c != nil {
			t.Columns = append(t.Columns, *c)
		}
	}
	if len(t.Columns) > 0 {
		if err := alignment(b.Catalog, t); err != nil {
			return err
		}
		if err := b.Ingest.InsertEach(ctx, origin(s), []*tablet.Tablet{t})[0]; err != nil {
			return err
		}
	}
	if len(wrong) > 0 {
		return status.Errorf(status.Metadata, "Fail to insert measurements [%s] caused by [%s]", strings.Join(wrong, ", "), reason)
	}
	return nil
}

// times returns the time of each row; rows without one get the present.
func (b *Backend) times(st *sql.Insert) ([]int64, error) {
	if st.TimeIndex < 0 && len(st.Rows) > 1 {
		return nil, status.Errorf(status.Semantic, "need timestamps when insert multi rows")
	}
	out := make([]int64, len(st.Rows))
	for i := range st.Rows {
		row := &st.Rows[i]
		if len(row.Values) != len(st.Measurements) {
			return nil, status.Errorf(status.Semantic, "the measurementList's size %d is not consistent with the valueList's size %d", len(st.Measurements), len(row.Values))
		}
		switch l := &row.Time; {
		case st.TimeIndex < 0:
			out[i] = b.cfg.Precision.Ticks(time.Now())
		case l.Kind == sql.TimeLiteral:
			out[i] = l.Int
		case l.Kind == sql.IntLiteral:
			n, err := strconv.ParseInt(l.Text, 10, 64)
			if err != nil {
				return nil, status.Errorf(status.Semantic, "the timestamp %s does not fit 64 bits", l.Text)
			}
			out[i] = n
		default:
			return nil, status.Errorf(status.Semantic, "%s is not a timestamp", l.Text)
		}
	}
	return out, nil
}

// column gathers the values of measurement i of all rows. nil: there is no value.
// why, if not empty, says which value was left out.
func (b *Backend) column(device, name string, rows []sql.InsertRow, i int) (c *tablet.Column, why string) {
	text := tablet.Column{Schema: tablet.Schema{Name: name, Type: tablet.Text}, Category: tablet.Field, Nulls: tablet.NewBitmap(len(rows))}
	schema, known := b.Catalog.Lookup(device, name)
	schema.Name = name // an alias is replaced when the write is admitted
	values := 0
	for r := range rows {
		l := &rows[r].Values[i]
		kind, value := classify(l)
		if kind == sql.NullLiteral {
			text.Nulls.Set(r)
			text.Bytes.Append(nil)
			continue
		}
		if values++; !known {
			schema, known = tablet.Schema{Name: name, Type: b.infer(kind, value)}, true
			if l.Kind == sql.TimeLiteral {
				schema.Type = tablet.Int64
			}
			schema.Encoding, schema.Compressor = tablet.DefaultEncoding(schema.Type), tablet.LZ4
		}
		if !fits(kind, value, schema.Type) || schema.Type == tablet.Date && !isDate(value) {
			why = mismatch(device, name, value, schema.Type)
			text.Nulls.Set(r)
			values--
		}
		text.Bytes.Append([]byte(value))
	}
	if values == 0 && !known && rows[0].Values[i].Kind != sql.RawLiteral {
		return nil, fmt.Sprintf("Path [%s.%s] does not exist", device, name)
	}
	if values == 0 {
		return nil, why
	}
	out, err := tablet.Convert(&text, len(rows), schema.Type)
	if err != nil {
		why = fmt.Sprintf("%v", err)
		if ce, ok := err.(*tablet.ConvertError); ok {
			why = mismatch(device, name, ce.Value, schema.Type)
			values -= len(ce.Rows)
		}
	}
	if n := dropInfinite(&out); n > 0 {
		why = fmt.Sprintf("The input %s value is Infinity", strings.ToLower(schema.Type.String()))
		values -= n
	}
	if values == 0 {
		return nil, why
	}
	out.Schema = schema
	return &out, why
}

func mismatch(device, name, value string, typ tablet.DataType) string {
	return fmt.Sprintf("data type of %s.%s is not consistent, registered type %s, inserting value %s", device, name, typ, value)
}

// classify returns the form of a literal and its text. A raw text is classified as
// IoTDB does it.
func classify(l *sql.Literal) (sql.LiteralKind, string) {
	switch l.Kind {
	case sql.TimeLiteral:
		return sql.IntLiteral, strconv.FormatInt(l.Int, 10)
	case sql.RawLiteral:
		return classifyRaw(l.Text)
	case sql.BlobLiteral:
		if b, err := hex.DecodeString(l.Text); err == nil {
			return l.Kind, string(b)
		}
	}
	return l.Kind, l.Text
}

func classifyRaw(s string) (sql.LiteralKind, string) {
	switch {
	case s == "null" || s == "NULL":
		return sql.NullLiteral, ""
	case len(s) >= 2 && (s[0] == '\'' || s[0] == '"') && s[len(s)-1] == s[0]:
		return sql.StringLiteral, s[1 : len(s)-1]
	}
	switch tablet.InferType(s) {
	case tablet.Boolean:
		return sql.BoolLiteral, s
	case tablet.Double:
		if _, err := strconv.ParseInt(s, 10, 64); err == nil {
			return sql.IntLiteral, s
		}
		return sql.FloatLiteral, s
	}
	return sql.RawLiteral, s
}

// infer returns the type of a new series by its first value.
func (b *Backend) infer(kind sql.LiteralKind, value string) tablet.DataType {
	switch kind {
	case sql.BoolLiteral:
		return b.cfg.Infer.Boolean
	case sql.IntLiteral:
		return b.cfg.Infer.Integer
	case sql.FloatLiteral:
		if strings.EqualFold(value, "nan") {
			return b.cfg.Infer.NaN
		}
		return b.cfg.Infer.Floating
	case sql.BlobLiteral:
		return tablet.Blob
	}
	return tablet.Text
}

// fits reports whether a literal of that form may become a value of the type at all;
// whether its text does is for tablet.Convert.
func fits(kind sql.LiteralKind, value string, t tablet.DataType) bool {
	switch {
	case kind == sql.BlobLiteral:
		return t == tablet.Blob
	case t == tablet.Blob:
		return false
	case kind == sql.StringLiteral:
		return t.Physical() == tablet.PhysicalBytes || t == tablet.Date
	case kind == sql.FloatLiteral && strings.EqualFold(value, "NaN"):
		return value == "NaN" // the one way to write it
	case kind == sql.BoolLiteral:
		return t == tablet.Boolean || t.Physical() == tablet.PhysicalBytes
	}
	return true
}
