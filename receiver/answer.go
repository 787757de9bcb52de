package receiver

import (
	"time"

	"github.com/sluice-gateway/sluice/framing"
)

// answer sends the one byte that answers the request just handled. It is the only
// place of this side of the gate that writes to a connection, and it is called once
// per complete request, after Commit has returned.
func (c *conn) answer(r framing.Reply) error {
	c.byteOut[0] = c.r.cfg.Polarity.Byte(r)
	if err := c.line.nc.SetWriteDeadline(time.Now().Add(c.r.cfg.ReadTimeout)); err != nil {
		return err
	}
	_, err := c.line.nc.Write(c.byteOut[:])
	if err == nil {
		c.answered = time.Now()
		c.r.met.answers.WithLabelValues(r.String()).Inc()
	}
	return err
}
