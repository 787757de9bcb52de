package snapshot

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/sluice-gateway/sluice/internal/request/plan"
	"github.com/sluice-gateway/sluice/internal/request/wire"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// ErrUnknown says that a snapshot is not read here.
var ErrUnknown = errors.New("snapshot: not understood")

// Parameters of the seals.
const (
	keyPattern  = "PathPattern"
	keyTypes    = "Type"
	keyDatabase = "Database"
	keyFileType = "fileType"
	keyTree     = "tree"
	keyTable    = "table"
)

// Values of fileType.
const (
	fileSchema = "4"
	fileTTL    = "5"
)

// Params are the parameters of a seal; a value may be null.
type Params []wire.Pair

// Read calls emit with the plans of a snapshot in the order in which they must be
// applied. t is the type of its seal, parts are its files in the order of the seal, nil
// for one that is absent. Errors are those of emit, or wrap ErrUnknown: then plans may
// have been emitted, so who must not apply a part calls it first with an emit that does
// nothing.
func Read(t wire.Type, params Params, parts [][]byte, emit func(plan.Plan) error) error {
	s := scope{emit: emit}
	if err := s.from(params); err != nil {
		return err
	}
	kind, _ := wire.Get(params, keyFileType)
	switch {
	case t == wire.TypeSchemaSnapshotSeal && len(parts) >= 1 && parts[0] != nil:
		database, _ := wire.Get(params, keyDatabase)
		return s.tree(database, parts)
	case t == wire.TypeConfigSnapshotSeal && kind == fileSchema && len(parts) == 2 && parts[0] != nil:
		return s.cluster(parts[0], parts[1])
	case t == wire.TypeConfigSnapshotSeal && kind == fileTTL && len(parts) == 1 && parts[0] != nil:
		return s.ttls(parts[0])
	}
	return fmt.Errorf("%w: type %d, %s %q, %d files", ErrUnknown, int16(t), keyFileType, kind, len(parts))
}

// scope is what of a snapshot is meant for this pipe.
type scope struct {
	pattern *tablet.Pattern
	types   map[int16]bool // nil: all
	emit    func(plan.Plan) error
}

// from reads the parameters.
func (s *scope) from(params Params) error {
	_, tree := wire.Get(params, keyTree)
	if _, table := wire.Get(params, keyTable); table && !tree {
		return fmt.Errorf("%w: it is of tables", ErrUnknown)
	}
	pattern, ok := wire.Get(params, keyPattern)
	if !ok {
		pattern = "root.**"
	}
	var err error
	if s.pattern, err = tablet.CompilePattern(pattern); err != nil {
		return fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	if list, ok := wire.Get(params, keyTypes); ok && list != "" {
		s.types = map[int16]bool{}
		for _, word := range strings.Split(list, ",") {
			n, err := strconv.ParseInt(strings.TrimSpace(word), 10, 16)
			if err != nil {
				return fmt.Errorf("%w: plan number %.20q", ErrUnknown, word)
			}
			s.types[int16(n)] = true
		}
	}
	return nil
}

// wants reports whether plans of one of these numbers are asked for.
func (s *scope) wants(numbers ...int16) bool {
	for _, n := range numbers {
		if s.types[n] {
			return true
		}
	}
	return s.types == nil
}

// damaged wraps what is wrong with a file.
func damaged(file string, err error) error {
	return fmt.Errorf("%w: %s: %w", ErrUnknown, file, err)
}
