package exec

import (
	"github.com/sluice-gateway/sluice/internal/auth"
	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/query"
	"github.com/sluice-gateway/sluice/internal/rpc"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// denied is the refusal of who lacks a privilege; at is the path, if it is one on paths.
func denied(p auth.Privilege, at string) error {
	if at == "" {
		return status.Errorf(status.NoPermission, "No permissions for this operation, please add privilege %s", p)
	}
	return status.Errorf(status.NoPermission, "No permissions for this operation, please add privilege %s on [%s]", p, clip(at))
}

func clip(s string) string {
	const most = 300
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}

// errAdmin refuses what only root may do.
func errAdmin() error {
	return status.Errorf(status.NoPermission, "Only the admin user can perform this operation")
}

// guard decides what one user may do.
type guard struct {
	*auth.Rights
	cat *catalog.Catalog
}

// allow reports whether a user may run a statement. What a query or a SHOW statement may
// not show is left out later: that is not refused.
func (r guard) allow(st sql.Statement) error {
	if r.Admin() {
		return nil
	}
	if ok, err := allowGlobal(r.Rights, st); ok {
		return err
	}
	switch st := st.(type) {
	case *sql.Insert:
		return r.allowInsert(st)
	case *sql.Delete:
		return allowPaths(r.Rights, auth.WriteData, st.Paths...)
	case *sql.CreateTimeseries:
		return r.allowCreate(st.Path, nil)
	case *sql.CreateAligned:
		return r.allowCreate(st.Device, st.Columns)
	case *sql.DeleteTimeseries:
		return allowPaths(r.Rights, auth.WriteSchema, st.Paths...)
	case *sql.AlterTimeseries:
		return allowPaths(r.Rights, auth.WriteSchema, st.Path)
	case *sql.SetTTL:
		return allowPaths(r.Rights, auth.WriteSchema, st.Path)
	case *sql.ActivateTemplate:
		return allowPaths(r.Rights, auth.WriteSchema, st.Paths...)
	case *sql.DeactivateTemplate:
		return allowPaths(r.Rights, auth.WriteSchema, st.Paths...)
	}
	return nil
}

// allowGlobal decides about statements that need a privilege on the whole gateway, or
// none.
func allowGlobal(r *auth.Rights, st sql.Statement) (known bool, err error) {
	need := auth.Maintain
	switch st := st.(type) {
	case *sql.CreateDatabase, *sql.DeleteDatabase:
		need = auth.ManageDatabase
	case *sql.CreatePipe, *sql.AlterPipe, *sql.StartPipe, *sql.StopPipe, *sql.DropPipe, *sql.ShowPipes, *sql.ShowPipePlugins:
		need = auth.UsePipe
	case *sql.CreateTemplate, *sql.AlterTemplate, *sql.SetTemplate, *sql.DropTemplate, *sql.ShowTemplates:
		return true, errAdmin()
	case *sql.Flush, *sql.KillQuery:
	case *sql.Load: // writes anywhere
		if r.Everything(auth.WriteData) {
			return true, nil
		}
		return true, denied(auth.WriteData, "root.**")
	case *sql.Show:
		switch st.What {
		case "CLUSTER", "CLUSTER DETAILS", "DATANODES", "CONFIGNODES", "QUERIES":
		default:
			return true, nil
		}
	default:
		return false, nil
	}
	if r.Has(need) {
		return true, nil
	}
	return true, denied(need, "")
}

func allowPaths(r *auth.Rights, p auth.Privilege, paths ...sql.Path) error {
	for _, path := range paths {
		pattern, err := compile(path)
		if err != nil {
			return err
		}
		if !r.Covers(p, pattern.String()) {
			return denied(p, pattern.String())
		}
	}
	return nil
}

func (r guard) allowCreate(path sql.Path, columns []sql.AlignedColumn) error {
	pattern, err := compile(path)
	if err != nil {
		return err
	}
	text := pattern.String()
	if columns == nil {
		if !r.Covers(auth.WriteSchema, text) {
			return denied(auth.WriteSchema, text)
		}
		return r.allowDatabase(text)
	}
	for _, c := range columns {
		name, err := measurement(c.Schema.Name)
		if err != nil {
			return err
		}
		if !r.Covers(auth.WriteSchema, text+"."+name) {
			return denied(auth.WriteSchema, text+"."+name)
		}
	}
	return r.allowDatabase(text + ".x")
}

// allowDatabase asks for the right to create a database where a series has none.
func (r guard) allowDatabase(series string) error {
	if r.cat.DatabaseConflict(series) == "" && !r.Has(auth.ManageDatabase) {
		return denied(auth.ManageDatabase, "")
	}
	return nil
}

func (r guard) allowInsert(st *sql.Insert) error {
	device, err := tablet.Normalize(query.PathText(st.Device))
	if err != nil {
		return status.Errorf(status.IllegalPath, "%w", err)
	}
	names := make([]string, len(st.Measurements))
	for i, m := range st.Measurements {
		if names[i], err = measurement(m); err != nil {
			return err
		}
	}
	return r.allowWrite(device, names)
}

// allowWrite reports whether a user may write to series of a device, and create those
// that do not exist. What is named by an alias is checked by the name of its series.
func (r guard) allowWrite(device string, names []string) error {
	known := make([]bool, len(names))
	for i, n := range names {
		if s, ok := r.cat.Lookup(device, n); ok {
			names[i], known[i] = s.Name, true
		}
	}
	if !r.Device(auth.WriteData, device) {
		for _, n := range names {
			if !r.Covers(auth.WriteData, device+"."+n) {
				return denied(auth.WriteData, device+"."+n)
			}
		}
	}
	schema := r.Device(auth.WriteSchema, device)
	for i, n := range names {
		if known[i] {
			continue
		}
		if !schema && !r.Covers(auth.WriteSchema, device+"."+n) {
			return denied(auth.WriteSchema, device+"."+n)
		}
		if err := r.allowDatabase(device + "." + n); err != nil {
			return err
		}
	}
	return nil
}

// allowTablets returns the refusals of the tablets of a user that is not root; nil if
// there is none.
func (b *Backend) allowTablets(s *rpc.Session, tablets []*tablet.Tablet) []error {
	r := guard{b.Users.Rights(s.User.Name), b.Catalog}
	if r.Admin() {
		return nil
	}
	var out []error
	for i, t := range tablets {
		if err := r.allowTablet(t); err != nil {
			if out == nil {
				out = make([]error, len(tablets))
			}
			out[i] = err
		}
	}
	return out
}

func (r guard) allowTablet(t *tablet.Tablet) error {
	device, err := tablet.Normalize(t.Device)
	if err != nil {
		return nil // refused as no path
	}
	names := make([]string, 0, len(t.Columns))
	for i := range t.Columns {
		n, err := tablet.NormalizeMeasurement(t.Columns[i].Name)
		if err != nil {
			return nil
		}
		names = append(names, n)
	}
	return r.allowWrite(device, names)
}
