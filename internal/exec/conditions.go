package exec

import (
	"slices"
	"strings"

	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// conditions are the WHERE clause of SHOW and COUNT: all must hold.
type conditions []sql.SchemaCondition

// check refuses conditions on what is not shown.
func (cs conditions) check(fields ...string) error {
	for _, c := range cs {
		if !slices.Contains(fields, c.Field) {
			return unsupported("WHERE %s of this statement", c.Field)
		}
		if c.Field != "DATATYPE" {
			continue
		}
		if _, err := tablet.ParseDataType(c.Value); err != nil {
			return status.Errorf(status.Semantic, "unsupported datatype: %s", clip(c.Value))
		}
	}
	return nil
}

func (cs conditions) series(s *catalog.SeriesInfo) bool {
	for i := range cs {
		c := &cs[i]
		value, ok := "", true
		switch c.Field {
		case "TIMESERIES":
			value = s.Path()
		case "DATATYPE":
			if !strings.EqualFold(c.Value, s.Type.String()) {
				return false
			}
			continue
		case "TAGS", "ATTRIBUTES":
			value, ok = "", false
			if s.Labels != nil {
				m := s.Labels.Tags
				if c.Field == "ATTRIBUTES" {
					m = s.Labels.Attributes
				}
				value, ok = m[c.Key]
			}
		}
		if !holds(c, value, ok) {
			return false
		}
	}
	return true
}

func (cs conditions) device(d *catalog.DeviceInfo) bool {
	for i := range cs {
		c := &cs[i]
		value, ok := d.Path, true
		if c.Field == "TEMPLATE" {
			value, ok = d.Template, d.Template != ""
		}
		if !holds(c, value, ok) {
			return false
		}
	}
	return true
}

// holds compares a value; ok is false for null.
func holds(c *sql.SchemaCondition, value string, ok bool) bool {
	switch c.Op {
	case "CONTAINS":
		if c.Field == "TIMESERIES" || c.Field == "DEVICE" { // in any letter case, as in IoTDB
			return strings.Contains(strings.ToLower(value), strings.ToLower(c.Value))
		}
		return ok && strings.Contains(value, c.Value)

	case "=":
		return ok && value == c.Value
	case "!=":
		return ok && value != c.Value
	case "IS NULL":
		return !ok
	}
	return ok
}
