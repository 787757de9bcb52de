package builtin

import (
	"fmt"
	"strings"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/spec"
)

// other is the class of what no option of IoTDB names; only "all" carries it.
const other = "other"

// leaves are the options of inclusion, the deepest ones.
func leaves() []string {
	return []string{
		"data.insert", "data.delete",
		"schema.database.create", "schema.database.alter", "schema.database.drop",
		"schema.timeseries.view.create", "schema.timeseries.view.alter", "schema.timeseries.view.drop",
		"schema.timeseries.ordinary.create", "schema.timeseries.ordinary.alter", "schema.timeseries.ordinary.drop",
		"schema.timeseries.template.create", "schema.timeseries.template.set", "schema.timeseries.template.unset",
		"schema.timeseries.template.alter", "schema.timeseries.template.drop",
		"schema.timeseries.template.activate", "schema.timeseries.template.deactivate",
		"schema.table.create", "schema.table.alter", "schema.table.drop",
		"schema.ttl",
		"auth.role.create", "auth.role.drop", "auth.role.grant", "auth.role.revoke",
		"auth.user.create", "auth.user.alter", "auth.user.drop", "auth.user.grant", "auth.user.revoke",
	}
}

// below reports whether a leaf lies in the subtree of an option.
func below(leaf, option string) bool {
	return option == "all" || leaf == option || strings.HasPrefix(leaf, option+".")
}

// checkInclusion refuses options that name nothing.
func checkInclusion(value string) error {
	for _, option := range spec.SplitList(value) {
		if matches(option) {
			continue
		}
		hint := ""
		if s := spec.Suggest(option, append(leaves(), "all", "data", "schema", "auth")); s != "" {
			hint = "; did you mean " + s + "?"
		}
		return fmt.Errorf("names the unknown option %s%s", option, hint)
	}
	return nil
}

func matches(option string) bool {
	for _, l := range leaves() {
		if below(l, option) {
			return true
		}
	}
	return option == "all"
}

// inclusion is the set of leaves a pipe carries.
type inclusion map[string]bool

func newInclusion(include, exclude []string) inclusion {
	set := inclusion{}
	for _, l := range append(leaves(), other) {
		for _, o := range include {
			if below(l, o) {
				set[l] = true
			}
		}
		for _, o := range exclude {
			if below(l, o) {
				delete(set, l)
			}
		}
	}
	return set
}

// has reports whether everything of a class is carried; a class is a leaf or an inner
// option.
func (set inclusion) has(class string) bool {
	if set[class] {
		return true
	}
	found := false
	for _, l := range leaves() {
		if below(l, class) {
			if !set[l] {
				return false
			}
			found = true
		}
	}
	return found
}

// any reports whether something below the option is carried.
func (set inclusion) any(option string) bool {
	for l := range set {
		if below(l, option) {
			return true
		}
	}
	return false
}

// Numbers of request types; the first 16 bits of a plan's body are its number.
const (
	sealFile         = 5
	sealFileWithMods = 9
	planNode         = 100
	sealSchema       = 102
	configPlan       = 200
	sealConfig       = 202
	enrichedPlan     = 1700 // holds another config plan
)

// classOf returns the option an event belongs to.
func classOf(ev *event.Event) string {
	switch ev.Kind {
	case event.Tablet:
		return "data.insert"
	case event.File:
		return fileClass(ev.File)
	case event.Plan:
		return planClass(ev.Request.Type, ev.Request.Body)
	}
	return other
}

func fileClass(f *event.Sealed) string {
	switch f.Type {
	case sealFile, sealFileWithMods:
		return "data.insert"
	case sealSchema:
		return "schema.timeseries"
	case sealConfig:
		for _, p := range f.Params {
			if p.Key == "fileType" && p.Value != nil {
				switch *p.Value {
				case "1":
					return "auth.user"
				case "2":
					return "auth.role"
				case "3":
					return "auth"
				case "4":
					return "schema"
				case "5":
					return "schema.ttl"
				}
			}
		}
	}
	return other
}

func planClass(requestType int16, body []byte) string {
	if len(body) < 2 {
		return other
	}
	number := int16(body[0])<<8 | int16(body[1])
	switch requestType {
	case planNode:
		return nodeClass(number)
	case configPlan:
		if number == enrichedPlan && len(body) >= 4 {
			number = int16(body[2])<<8 | int16(body[3])
		}
		return configClass(number)
	}
	return other
}

// nodeClass maps plan node numbers.
func nodeClass(number int16) string {
	switch number {
	case 44, 2003:
		return "data.delete"
	case 19, 22, 39, 52, 69:
		return "schema.timeseries.ordinary.create"
	case 21:
		return "schema.timeseries.ordinary.alter"
	case 45:
		return "schema.timeseries.ordinary.drop"
	case 53, 68, 72:
		return "schema.timeseries.template.activate"
	case 73:
		return "schema.timeseries.view.create"
	case 78:
		return "schema.timeseries.view.alter"
	case 902:
		return "schema.table.create"
	case 907:
		return "schema.table.alter"
	}
	return other
}

// configClass maps config plan numbers.
func configClass(number int16) string {
	switch number {
	case 200:
		return "schema.database.create"
	case 210:
		return "schema.database.alter"
	case 206:
		return "schema.database.drop"
	case 201, 1705:
		return "schema.ttl"
	case 1702:
		return "schema.timeseries.ordinary.drop"
	case 1703:
		return "schema.timeseries.view.drop"
	case 800:
		return "schema.timeseries.template.create"
	case 804, 813:
		return "schema.timeseries.template.set"
	case 810, 1701:
		return "schema.timeseries.template.unset"
	case 814:
		return "schema.timeseries.template.alter"
	case 811:
		return "schema.timeseries.template.drop"
	case 1704:
		return "schema.timeseries.template.deactivate"
	case 852, 1706:
		return "schema.table.create"
	case 853, 854, 857, 861, 865, 866, 867:
		return "schema.table.alter"
	case 859:
		return "schema.table.drop"
	}
	return authClass(number)
}

func authClass(number int16) string {
	switch number {
	case 621, 638:
		return "auth.user.create"
	case 622:
		return "auth.role.create"
	case 623, 2100:
		return "auth.user.drop"
	case 624:
		return "auth.role.drop"
	case 625:
		return "auth.role.grant"
	case 626, 627:
		return "auth.user.grant"
	case 628, 630:
		return "auth.user.revoke"
	case 629:
		return "auth.role.revoke"
	case 631, 639, 640, 2101, 2104:
		return "auth.user.alter"
	}
	return other
}
