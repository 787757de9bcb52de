package auth

import (
	"slices"
	"strings"
)

// Privilege is the right to do one kind of thing: on paths, or on the whole gateway.
type Privilege uint8

// The privileges of IoTDB, in the order in which it lists them: first those of the
// whole gateway, then those on paths.
const (
	ManageUser Privilege = iota
	ManageRole
	UseTrigger
	UseUDF
	UseCQ
	UsePipe
	UseModel
	ExtendTemplate
	ManageDatabase
	Maintain
	ReadData // the first on paths
	WriteData
	ReadSchema
	WriteSchema
	privileges // their number
)

func names() []string {
	return []string{"MANAGE_USER", "MANAGE_ROLE", "USE_TRIGGER", "USE_UDF", "USE_CQ", "USE_PIPE", "USE_MODEL", "EXTEND_TEMPLATE",
		"MANAGE_DATABASE", "MAINTAIN", "READ_DATA", "WRITE_DATA", "READ_SCHEMA", "WRITE_SCHEMA"}
}

// String returns IoTDB's name of the privilege.
func (p Privilege) String() string {
	if p < privileges {
		return names()[p]
	}
	return "UNKNOWN"
}

// OnPath reports whether the privilege is granted on paths.
func (p Privilege) OnPath() bool { return p >= ReadData }

// ParsePrivilege is the inverse of String, in any letter case.
func ParsePrivilege(s string) (Privilege, bool) {
	i := slices.Index(names(), strings.ToUpper(s))
	return Privilege(max(i, 0)), i >= 0
}

// Set is a set of privileges.
type Set uint16

// SetOf returns the set of the given privileges.
func SetOf(list ...Privilege) Set {
	var s Set
	for _, p := range list {
		s |= 1 << p
	}
	return s
}

// All is the set of all privileges.
const All = Set(1<<privileges - 1)

// Has reports whether p is in the set.
func (s Set) Has(p Privilege) bool { return s&(1<<p) != 0 }

// allows reports whether the set lets do what p does: who may write may read.
func (s Set) allows(p Privilege) bool {
	return s.Has(p) || p == ReadData && s.Has(WriteData) || p == ReadSchema && s.Has(WriteSchema)
}

// List returns the privileges of the set in order.
func (s Set) List() []Privilege {
	var out []Privilege
	for p := range privileges {
		if s.Has(p) {
			out = append(out, p)
		}
	}
	return out
}

// onPaths are the privileges of the set that are granted on paths.
func (s Set) onPaths() Set { return s &^ (1<<ReadData - 1) }

// MarshalText writes the names with commas.
func (s Set) MarshalText() ([]byte, error) {
	list := make([]string, 0, privileges)
	for _, p := range s.List() {
		list = append(list, p.String())
	}
	return []byte(strings.Join(list, ",")), nil
}

// UnmarshalText reads what MarshalText wrote; names of later releases are passed over.
func (s *Set) UnmarshalText(b []byte) error {
	*s = 0
	for name := range strings.SplitSeq(string(b), ",") {
		if p, ok := ParsePrivilege(strings.TrimSpace(name)); ok {
			*s |= 1 << p
		}
	}
	return nil
}
