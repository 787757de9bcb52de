package plan

import (
	"fmt"

	"github.com/sluice-gateway/sluice/internal/request/wire"
	"github.com/sluice-gateway/sluice/internal/wirebuf"
)

// Config plan numbers.
const (
	ConfigCreateDatabase int16 = 200
	ConfigSetTTL         int16 = 201
	ConfigDeleteDatabase int16 = 206
	ConfigAlterDatabase  int16 = 210
	ConfigDeleteSeries   int16 = 1702
	ConfigDeleteView     int16 = 1703
)

// DatabasePlan is config plan 200 (create) or 210 (alter): the struct TDatabaseSchema
// in thrift's binary protocol.
type DatabasePlan struct {
	ConfigPlan
	Alter  bool
	Fields []ThriftField // in wire order, those with unknown ids too
}

// ThriftField is one field of a struct. Int holds bool, byte and integers, Text holds
// string.
type ThriftField struct {
	ID   int16
	Kind byte // thrift type: 2 bool, 3 byte, 6 i16, 8 i32, 10 i64, 11 string
	Int  int64
	Text string
}

// Field ids of TDatabaseSchema.
const (
	DatabaseName                  int16 = 1
	DatabaseTTL                   int16 = 2 // milliseconds
	DatabaseSchemaReplication     int16 = 3
	DatabaseDataReplication       int16 = 4
	DatabaseTimePartitionInterval int16 = 5
	DatabaseTableModel            int16 = 11
)

// Thrift types of simple fields.
const (
	thriftStop   = 0
	thriftBool   = 2
	thriftByte   = 3
	thriftI16    = 6
	thriftI32    = 8
	thriftI64    = 10
	ThriftString = 11 // as in a ThriftField
)

// Number implements Plan.
func (p *DatabasePlan) Number() int16 {
	if p.Alter {
		return ConfigAlterDatabase
	}
	return ConfigCreateDatabase
}

// Field returns a field by id, nil if it is not there.
func (p *DatabasePlan) Field(id int16) *ThriftField {
	for i := range p.Fields {
		if p.Fields[i].ID == id {
			return &p.Fields[i]
		}
	}
	return nil
}

// Name returns the full path of the database (its name in the table model).
func (p *DatabasePlan) Name() string {
	if f := p.Field(DatabaseName); f != nil {
		return f.Text
	}
	return ""
}

// AppendBody implements Plan.
func (p *DatabasePlan) AppendBody(dst []byte, _ wire.Layout) ([]byte, error) {
	dst = wirebuf.AppendI16(dst, p.Number())
	for i := range p.Fields {
		f := &p.Fields[i]
		dst = wirebuf.AppendI16(append(dst, f.Kind), f.ID)
		switch f.Kind {
		case thriftBool, thriftByte:
			dst = append(dst, byte(f.Int))
		case thriftI16:
			dst = wirebuf.AppendI16(dst, int16(f.Int))
		case thriftI32:
			dst = wirebuf.AppendI32(dst, int32(f.Int))
		case thriftI64:
			dst = wirebuf.AppendI64(dst, f.Int)
		case ThriftString:
			dst = wirebuf.AppendString(dst, f.Text)
		default:
			return dst, fmt.Errorf("plan: thrift field of type %d", f.Kind)
		}
	}
	return append(dst, thriftStop), nil
}

// ReadDatabase reads a TDatabaseSchema.
func ReadDatabase(d *wire.Decoder) *DatabasePlan { return &DatabasePlan{Fields: readThriftFields(d)} }

func readThriftFields(d *wire.Decoder) []ThriftField {
	var out []ThriftField
	for len(out) <= d.Opts.MaxMap {
		f := ThriftField{Kind: d.U8()}
		if f.Kind == thriftStop {
			break
		}
		f.ID = d.I16()
		switch f.Kind {
		case thriftBool:
			if d.Bool() {
				f.Int = 1
			}
		case thriftByte:
			f.Int = int64(int8(d.U8()))
		case thriftI16:
			f.Int = int64(d.I16())
		case thriftI32:
			f.Int = int64(d.I32())
		case thriftI64:
			f.Int = d.I64()
		case ThriftString:
			f.Text = d.Name("string field")
		default:
			d.Unsupported("thrift field of type %d", f.Kind)
		}
		if d.Failed() {
			return out
		}
		out = append(out, f)
	}
	if len(out) == 0 || out[0].ID != DatabaseName || out[0].Kind != ThriftString {
		d.Fail("database without a name")
	}
	return out
}

// SetTTL is config plan 201: int32 n, nodes, int64 TTL, and since 1.3.2 bool database.
type SetTTL struct {
	ConfigPlan
	Nodes    []string
	TTL      int64 // milliseconds; math.MaxInt64: for ever; -1: no rule any more (since 1.3.2)
	Database *bool // nil: older layout without the flag
}

// Number implements Plan.
func (*SetTTL) Number() int16 { return ConfigSetTTL }

// AppendBody implements Plan. wire.Layout12 has no database flag; the others have one.
func (p *SetTTL) AppendBody(dst []byte, l wire.Layout) ([]byte, error) {
	dst = wire.AppendNames(wirebuf.AppendI16(dst, ConfigSetTTL), p.Nodes)
	dst = wirebuf.AppendI64(dst, p.TTL)
	switch {
	case l == wire.Layout12 || l == wire.LayoutAsDecoded && p.Database == nil:
		return dst, nil
	case p.Database == nil:
		return append(dst, 0), nil
	}
	return wirebuf.AppendBool(dst, *p.Database), nil
}

func readSetTTL(d *wire.Decoder) Plan {
	p := &SetTTL{Nodes: d.Names("path nodes"), TTL: d.I64()}
	if d.Remaining() > 0 {
		v := d.Bool()
		p.Database = &v
	}
	return p
}

// DeleteDatabase is config plan 206: string name.
type DeleteDatabase struct {
	ConfigPlan
	Name string
}

// Number implements Plan.
func (*DeleteDatabase) Number() int16 { return ConfigDeleteDatabase }

// AppendBody implements Plan.
func (p *DeleteDatabase) AppendBody(dst []byte, _ wire.Layout) ([]byte, error) {
	return wirebuf.AppendString(wirebuf.AppendI16(dst, ConfigDeleteDatabase), p.Name), nil
}

// DeleteSeries is config plan 1702, or 1703 (View): int32 length, pattern tree. A
// receiver of 2.0.1-beta fails on every one (an upstream fault).
type DeleteSeries struct {
	ConfigPlan
	View bool
	Tree PatternTree
}

// Number implements Plan.
func (p *DeleteSeries) Number() int16 {
	if p.View {
		return ConfigDeleteView
	}
	return ConfigDeleteSeries
}

// AppendBody implements Plan.
func (p *DeleteSeries) AppendBody(dst []byte, _ wire.Layout) ([]byte, error) {
	dst = wirebuf.AppendI32(wirebuf.AppendI16(dst, p.Number()), 0)
	at := len(dst)
	dst = p.Tree.append(dst)
	wirebuf.AppendCount(dst[:at-4], len(dst)-at)
	return dst, nil
}

// Author is a config plan about users and roles, 621..631 and 638: strings user, role,
// password, new password; 01 int32 n, n x int32 permission; paths; int32 grant option.
// It carries passwords: never print it, describe it.
type Author struct {
	ConfigPlan
	Plan                              int16
	User, Role, Password, NewPassword *string
	Permissions                       []int32 // nil: not on the wire
	Paths                             []string
	Grant                             *bool // nil: older layout without it
}

const (
	authorFirst = 621
	authorLast  = 631
	authorRaw   = 638 // create a user with a stored password
)

func isAuthor(number int16) bool {
	return number >= authorFirst && number <= authorLast || number == authorRaw
}

// Number implements Plan.
func (p *Author) Number() int16 { return p.Plan }

// AppendBody implements Plan.
func (p *Author) AppendBody(dst []byte, _ wire.Layout) ([]byte, error) {
	dst = wirebuf.AppendI16(dst, p.Plan)
	for _, s := range []*string{p.User, p.Role, p.Password, p.NewPassword} {
		dst = wirebuf.AppendNullString(dst, s)
	}
	dst = wirebuf.AppendBool(dst, p.Permissions != nil)
	if p.Permissions != nil {
		dst = wirebuf.AppendCount(dst, len(p.Permissions))
		for _, v := range p.Permissions {
			dst = wirebuf.AppendI32(dst, v)
		}
	}
	dst = wire.AppendNames(dst, p.Paths)
	if p.Grant == nil {
		return dst, nil
	}
	grant := int32(0)
	if *p.Grant {
		grant = 1
	}
	return wirebuf.AppendI32(dst, grant), nil
}

func readAuthor(d *wire.Decoder, number int16) Plan {
	p := &Author{Plan: number, User: d.NullName("user"), Role: d.NullName("role"),
		Password: d.NullName("password"), NewPassword: d.NullName("password")}
	if d.Bool() {
		n := d.MapCount(4, "permissions")
		p.Permissions = make([]int32, n)
		for i := range p.Permissions {
			p.Permissions[i] = d.I32()
		}
	}
	p.Paths = d.Names("paths")
	if d.Remaining() < 4 {
		return p
	}
	v := d.I32()
	if v != 0 && v != 1 {
		d.Fail("grant option %d", v)
	}
	grant := v == 1
	p.Grant = &grant
	return p
}
