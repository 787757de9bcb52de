package outerunit

import (
	"context"
	"fmt"

	"github.com/sluice-gateway/sluice/internal/auditlog"
	"github.com/sluice-gateway/sluice/receiver"
)

// recordedCommitter accepts nothing while the audit log cannot be written: that is a
// temporary cause, so the sender's answer is held and then its connection reset.
type recordedCommitter struct {
	receiver.Committer
	log *auditlog.Log
}

// NewSession implements receiver.Committer.
func (c recordedCommitter) NewSession(peer string) receiver.Session {
	return recordedSession{c.Committer.NewSession(peer), c.log}
}

type recordedSession struct {
	receiver.Session
	log *auditlog.Log
}

// Commit implements receiver.Session.
func (s recordedSession) Commit(ctx context.Context, payload []byte) error {
	if err := s.log.Refusing(); err != nil {
		return fmt.Errorf("%w: %w", receiver.ErrTemporary, err)
	}
	return s.Session.Commit(ctx, payload)
}
