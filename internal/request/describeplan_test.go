package request

import (
	"encoding/hex"
	"github.com/sluice-gateway/sluice/internal/request/plan"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

func describePlan(p Plan) dict {
	var m dict
	switch p := p.(type) {
	case *plan.CreateSeries:
		m = dict{"kind": "create_timeseries", "path": p.Path, "alias": optionalText(p.Alias), "type": p.DataType.String(),
			"encoding": p.Encoding.String(), "compressor": p.Compressor.String(),
			"props": labelMap(p.Props), "tags": labelMap(p.Tags), "attributes": labelMap(p.Attributes)}
	case *plan.CreateAligned:
		m = describeGroup(&p.Group)
		m["kind"], m["device"] = "create_aligned_timeseries", p.Device
	case *plan.InternalCreate:
		m = describeGroup(&p.Group)
		m["kind"], m["device"], m["aligned"] = "internal_create_timeseries", pathText(&p.Device), p.Aligned
	case *plan.CreateMulti:
		groups := []any{}
		for i := range p.Devices {
			g := describeGroup(&p.Devices[i].Group)
			g["device"] = pathText(&p.Devices[i].Device)
			if p.Internal {
				g["aligned"] = p.Devices[i].Aligned
			}
			groups = append(groups, g)
		}
		m = dict{"kind": internalName("create_multi_timeseries", p.Internal), "groups": groups}
	case *plan.AlterSeries:
		m = dict{"kind": "alter_timeseries", "path": p.Path, "is_alter_view": p.View, "alter_type": p.Alter.String(),
			"alias": optionalText(p.Alias), "alter_map": labelMap(p.Map), "tags": labelMap(p.Tags), "attributes": labelMap(p.Attributes)}
		if p.TypeOnWire {
			m["data_type"] = nil
		}
		if p.DataType != nil {
			m["data_type"] = p.DataType.String()
		}
	case *DeleteData:
		paths := []any{}
		for i := range p.Paths {
			paths = append(paths, pathText(&p.Paths[i]))
		}
		m = dict{"kind": "delete_data", "path_type": p.Paths[0].Kind, "paths": paths, "start": long(p.Start), "end": long(p.End)}
	case *plan.DeleteSeriesNode:
		m = dict{"kind": "delete_timeseries", "patterns": p.Tree.Patterns()}
	case *plan.RelationalDelete:
		entries := []any{}
		for _, e := range p.Entries {
			entries = append(entries, dict{"table": e.Table, "measurements": append([]string{}, e.Measurements...),
				"start": long(e.Start), "end": long(e.End), "predicate": "none"})
		}
		m = dict{"kind": "relational_delete_data", "database": optionalText(p.Database), "entries": entries}
	default:
		m = describeTemplatePlan(p)
	}
	switch p.Type() {
	case TypePlanNode:
		m["plan_node_type"], m["plan_node_id"] = p.Number(), ""
	default:
		m["config_plan_type"] = p.Number()
	}
	return m
}

// pathText checks that a path of a real sender has its full text as the only cache.
func pathText(p *Path) any {
	if p.Full == nil || *p.Full != p.String() || p.Measurement != nil || p.Device != nil || p.DeviceSegments != nil {
		return "unexpected caches of " + p.String()
	}
	return p.String()
}

func internalName(name string, internal bool) string {
	if internal {
		return "internal_" + name
	}
	return name
}

func schemaList(n int, at func(int) tablet.Schema) []any {
	out := []any{}
	for i := range n {
		s := at(i)
		out = append(out, describeSchema(dict{}, &s, nil))
	}
	return out
}

func describeGroup(g *plan.SeriesGroup) dict {
	list := func(l [][]Pair) any {
		if l == nil {
			return nil
		}
		out := []any{}
		for _, e := range l {
			out = append(out, labelMap(e))
		}
		return out
	}
	m := dict{"measurements": schemaList(len(g.Names), g.Schema), "tags_list": list(g.Tags), "attributes_list": list(g.Attributes), "alias_list": nil}
	if g.Aliases != nil {
		out := []any{}
		for _, a := range g.Aliases {
			out = append(out, optionalText(a))
		}
		m["alias_list"] = out
	}
	return m
}

func describeTemplate(t *plan.Template) dict {
	return dict{"template_id": t.ID, "template_name": t.Name, "aligned": t.Aligned,
		"measurements": schemaList(len(t.Series), func(i int) tablet.Schema { return t.Series[i].Schema })}
}

func describeTemplatePlan(p Plan) dict {
	switch p := p.(type) {
	case *plan.CreateTemplate:
		m := describeTemplate(&p.Template)
		m["kind"], m["template_hex"] = "create_template", hex.EncodeToString(bodyAfter(p, 6))
		return m
	case *plan.SetTemplate:
		return dict{"kind": "commit_set_template", "template_name": p.Template, "path": p.Path, "is_rollback": p.Rollback}
	case *plan.UnsetTemplate:
		return dict{"kind": "pipe_unset_template", "template_name": p.Template, "path": p.Path}
	case *plan.ExtendTemplate:
		return dict{"kind": "extend_template", "template_name": p.Template,
			"measurements": schemaList(len(p.Series), func(i int) tablet.Schema { return p.Series[i] })}
	case *plan.DeactivateTemplate:
		ts := []any{}
		for i := range p.Entries[0].Templates {
			ts = append(ts, describeTemplate(&p.Entries[0].Templates[i]))
		}
		return dict{"kind": "pipe_deactivate_template", "path": pathText(&p.Entries[0].Path), "templates": ts}
	case *plan.ActivateTemplate:
		return dict{"kind": "activate_template", "device": pathText(&p.Device), "set_level": p.SetLevel, "template_id": p.TemplateID}
	case *plan.BatchActivate:
		ds := []any{}
		for i := range p.Devices {
			a := &p.Devices[i]
			ds = append(ds, dict{"device": pathText(&a.Device), "template_id": a.TemplateID, "set_level": a.SetLevel})
		}
		return dict{"kind": internalName("batch_activate_template", p.Internal), "devices": ds}
	case *plan.ViewPlan:
		vs := []any{}
		for i := range p.Views {
			vs = append(vs, dict{"view": pathText(&p.Views[i].Path), "expression": describeExpression(&p.Views[i].Expression)})
		}
		if p.Alter {
			return dict{"kind": "alter_logical_view", "views": vs}
		}
		return dict{"kind": "create_logical_view", "views": vs}
	}
	return describeConfig(p)
}

func describeExpression(e *plan.ViewExpression) dict {
	if e.Kind == plan.ViewSeries {
		return dict{"timeseries": e.Path}
	}
	return dict{"add": []any{describeExpression(&e.Args[0]), describeExpression(&e.Args[1])}}
}

func describeConfig(p Plan) dict {
	switch p := p.(type) {
	case *plan.DatabasePlan:
		return dict{"kind": "database_schema", "name": p.Name(), "thrift_fields": describeThrift(p)}
	case *plan.SetTTL:
		return dict{"kind": "set_ttl", "nodes": p.Nodes, "ttl": long(p.TTL), "is_database": *p.Database}
	case *plan.DeleteDatabase:
		return dict{"kind": "delete_database", "name": p.Name}
	case *plan.DeleteSeries:
		kind := "pipe_delete_timeseries"
		if p.View {
			kind = "pipe_delete_logical_view"
		}
		return dict{"kind": kind, "patterns": p.Tree.Patterns(), "tree_hex": hex.EncodeToString(bodyAfter(p, 6))}
	case *plan.Author:
		return dict{"kind": "author", "user": optionalText(p.User), "role": optionalText(p.Role), "password": optionalText(p.Password),
			"new_password": optionalText(p.NewPassword), "permissions": p.Permissions, "grant_option": *p.Grant, "paths": p.Paths}
	case *plan.TablePlan:
		return describeTable(p)
	}
	return dict{"kind": "unknown plan"}
}

var databaseFields = map[int16]string{2: "TTL", 3: "SchemaReplicationFactor", 4: "DataReplicationFactor", 5: "TimePartitionInterval",
	6: "MinSchemaRegionGroupNum", 7: "MaxSchemaRegionGroupNum", 8: "MinDataRegionGroupNum", 9: "MaxDataRegionGroupNum",
	10: "TimePartitionOrigin", 11: "IsTableModel"}

func describeThrift(p *plan.DatabasePlan) dict {
	m := dict{}
	for _, f := range p.Fields[1:] {
		var v any = f.Int
		switch f.Kind {
		case 2: // bool
			v = f.Int == 1
		case 10: // i64
			v = long(f.Int)
		}
		m[databaseFields[f.ID]] = v
	}
	return m
}

func describeTable(p *plan.TablePlan) dict {
	m := dict{"database": p.Database, "table": p.Table}
	cols := []any{}
	for i := range p.Columns {
		c := &p.Columns[i]
		col := describeSchema(dict{}, &c.Schema, c.Props)
		col["category"] = []string{"TAG", "ATTRIBUTE", "TIME", "FIELD"}[c.Category]
		if c.Category != 3 {
			delete(col, "encoding")
			delete(col, "compressor")
		}
		cols = append(cols, col)
	}
	switch p.Plan {
	case plan.ConfigCreateTable:
		m["kind"], m["columns"], m["props"] = "pipe_create_table", cols, labelMap(p.Props)
	case plan.ConfigAddTableColumn:
		m["kind"], m["columns"], m["is_rollback"] = "add_table_column", cols, p.Rollback
	case plan.ConfigSetTableProperties:
		m["kind"], m["props"] = "set_table_properties", labelMap(p.Props)
	case plan.ConfigDropTableColumn:
		m["kind"], m["column"] = "commit_delete_column", p.Column
	case plan.ConfigDropTable:
		m["kind"] = "commit_delete_table"
	}
	return m
}

// bodyAfter encodes a plan and skips its first bytes.
func bodyAfter(p plan.Plan, n int) []byte {
	b, err := p.AppendBody(nil, LayoutAsDecoded)
	if err != nil {
		return nil
	}
	return b[n:]
}
