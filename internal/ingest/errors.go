package ingest

import (
	"errors"

	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/status"
)

// failed gives an error of the log its code: 611 for a full disk or quota (temporary;
// errors.Is still finds commitlog.ErrNoSpace and ErrQuota), 601 for what else keeps a
// record from becoming durable.
func failed(err error) error {
	var coded *status.Error
	switch {
	case errors.As(err, &coded):
		return err
	case commitlog.IsTemporary(err):
		return status.Errorf(status.DiskSpace, "There is no room left for new data; nothing was written: %w", err)
	case errors.Is(err, commitlog.ErrTooLarge):
		return status.Errorf(status.WriteProcess, "The write is too large for one record: %w", err)
	}
	return status.Errorf(status.StorageEngine, "The write did not become durable: %w", err)
}

// refused gives an event that cannot be encoded its code.
func refused(err error) error {
	if errors.Is(err, event.ErrCorrupt) {
		return status.Errorf(status.Internal, "The write cannot be recorded: %w", err)
	}
	return status.Errorf(status.WriteProcess, "The write cannot be recorded: %w", err)
}
