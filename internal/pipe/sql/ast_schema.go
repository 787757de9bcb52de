package sql

// Statements about series that exist, and about templates.
type (
	// AlterTimeseries is ALTER TIMESERIES p RENAME a TO b | SET k=v,.. | DROP k,.. | ADD TAGS|ATTRIBUTES k=v,.. |
	// UPSERT [ALIAS=a] [TAGS(..)] [ATTRIBUTES(..)].
	AlterTimeseries struct {
		Path       Path
		Kind       AlterKind
		From, To   string            // AlterRename
		Keys       []string          // AlterDrop
		Pairs      map[string]string // AlterSet, AlterAddTags, AlterAddAttributes
		Alias      string            // AlterUpsert; empty: as it is
		Tags       map[string]string // AlterUpsert
		Attributes map[string]string // AlterUpsert
	}
	// CreateTemplate is CREATE DEVICE|SCHEMA TEMPLATE t [ALIGNED] (m type [encoding=..] [compressor=..], ..).
	CreateTemplate struct {
		Name    string
		Aligned bool
		Columns []AlignedColumn
	}
	// AlterTemplate is ALTER DEVICE TEMPLATE t ADD (m type .., ..).
	AlterTemplate struct {
		Name    string
		Columns []AlignedColumn
	}
	// SetTemplate is SET DEVICE TEMPLATE t TO p, and UNSET DEVICE TEMPLATE t FROM p.
	SetTemplate struct {
		Name  string
		Path  Path
		Unset bool
	}
	// DropTemplate is DROP DEVICE TEMPLATE t.
	DropTemplate struct{ Name string }
	// ActivateTemplate is CREATE TIMESERIES USING|OF DEVICE TEMPLATE ON p, ..
	ActivateTemplate struct{ Paths []Path }
	// DeactivateTemplate is DEACTIVATE DEVICE TEMPLATE t FROM p, .. and DELETE TIMESERIES OF DEVICE TEMPLATE [t] FROM p, ..
	DeactivateTemplate struct {
		Name  string // empty: any
		Paths []Path
	}
	// ShowTemplates shows templates, their measurements, or where they are set or used.
	ShowTemplates struct {
		What    TemplateView
		Name    string // empty: any (SetPaths, UsingPaths) or all (AllTemplates)
		Pattern Path   // of UsingPaths; zero: root.**
	}
)

// AlterKind is what an AlterTimeseries changes.
type AlterKind uint8

// The alterations; the numbers are those of IoTDB's plans.
const (
	AlterRename        AlterKind = iota // From, To: a tag or attribute
	AlterSet                            // Pairs: values
	AlterDrop                           // Keys
	AlterAddTags                        // Pairs
	AlterAddAttributes                  // Pairs
	AlterUpsert                         // Alias, Tags, Attributes
)

// TemplateView is what a ShowTemplates shows.
type TemplateView uint8

// The views.
const (
	AllTemplates  TemplateView = iota // SHOW DEVICE TEMPLATES
	TemplateNodes                     // SHOW NODES IN DEVICE TEMPLATE t
	SetPaths                          // SHOW PATHS SET DEVICE TEMPLATE t|*
	UsingPaths                        // SHOW PATHS [p] USING DEVICE TEMPLATE t|*
)

// Statements that look at the schema or at the gateway.
type (
	// ShowChild is SHOW CHILD PATHS [p] and SHOW CHILD NODES [p].
	ShowChild struct {
		Nodes   bool
		Pattern Path // zero: root.**
		Limit   Limit
	}
	// ShowTTL is SHOW ALL TTL and SHOW TTL ON p, ..
	ShowTTL struct{ Paths []Path } // none: all
	// KillQuery is KILL QUERY 'id', and KILL ALL QUERIES without an ID.
	KillQuery struct{ ID string }
	// Load is LOAD 'file or directory' [sglevel=n] [verify=true|false] [onSuccess=delete|none].
	Load struct {
		Path   string
		Level  int // of the database to make; 0: the default
		Verify bool
		Delete bool // the file after it was loaded
	}
	// SchemaCondition is one condition of the WHERE clause of SHOW and COUNT; they are joined by AND.
	SchemaCondition struct {
		Field string // TIMESERIES, DEVICE, DATATYPE, TEMPLATE, TAGS, ATTRIBUTES
		Key   string // of TAGS and ATTRIBUTES
		Op    string // =, !=, CONTAINS, IS NULL, IS NOT NULL
		Value string
	}
)

// Statement implements Statement.
func (*AlterTimeseries) Statement() {}

// Statement implements Statement.
func (*CreateTemplate) Statement() {}

// Statement implements Statement.
func (*AlterTemplate) Statement() {}

// Statement implements Statement.
func (*SetTemplate) Statement() {}

// Statement implements Statement.
func (*DropTemplate) Statement() {}

// Statement implements Statement.
func (*ActivateTemplate) Statement() {}

// Statement implements Statement.
func (*DeactivateTemplate) Statement() {}

// Statement implements Statement.
func (*ShowTemplates) Statement() {}

// Statement implements Statement.
func (*ShowChild) Statement() {}

// Statement implements Statement.
func (*ShowTTL) Statement() {}

// Statement implements Statement.
func (*KillQuery) Statement() {}

// Statement implements Statement.
func (*Load) Statement() {}
