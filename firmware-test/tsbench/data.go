package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"math"
	"os"

	"github.com/sluice-gateway/sluice/firmware-test/telemetry"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// data is the telemetry of all devices, one tablet each.
type data struct{ devices []*tablet.Tablet }

func newData(s *setting) *data {
	g, d := telemetry.New(1, telemetry.Start), &data{}
	for i := range s.devices {
		d.devices = append(d.devices, g.Tablet(i, 0, s.rows))
	}
	return d
}

// store writes devices and rows (int32), then per device the times and the columns, all
// big-endian, for the candidates that are other processes.
func (d *data) store(name string) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	be := binary.BigEndian
	var b []byte
	b = be.AppendUint32(b, uint32(len(d.devices)))
	b = be.AppendUint32(b, uint32(d.devices[0].Rows()))
	for _, t := range d.devices {
		for _, v := range t.Times {
			b = be.AppendUint64(b, uint64(v))
		}
		for i := range t.Columns {
			b = appendColumn(b, &t.Columns[i])
		}
		if _, err := w.Write(b); err != nil {
			return errors.Join(err, f.Close())
		}
		b = b[:0]
	}
	return errors.Join(w.Flush(), f.Close())
}

func appendColumn(b []byte, c *tablet.Column) []byte {
	be := binary.BigEndian
	for _, v := range c.Bools {
		b = append(b, byte(count(v)))
	}
	for _, v := range c.Int32s {
		b = be.AppendUint32(b, uint32(v))
	}
	for _, v := range c.Int64s {
		b = be.AppendUint64(b, uint64(v))
	}
	for _, v := range c.Floats {
		b = be.AppendUint32(b, math.Float32bits(v))
	}
	for _, v := range c.Doubles {
		b = be.AppendUint64(b, math.Float64bits(v))
	}
	return b
}

func count(v bool) int64 {
	if v {
		return 1
	}
	return 0
}

// sum adds all times and cells up; floats count as their bits.
func (d *data) sum() int64 {
	n := int64(0)
	for _, t := range d.devices {
		n += sum(t)
	}
	return n
}

func sum(t *tablet.Tablet) int64 {
	n := int64(0)
	for _, v := range t.Times {
		n += v
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		for _, v := range c.Bools {
			n += count(v)
		}
		for _, v := range c.Int32s {
			n += int64(v)
		}
		for _, v := range c.Int64s {
			n += v
		}
		for _, v := range c.Floats {
			n += int64(int32(math.Float32bits(v)))
		}
		for _, v := range c.Doubles {
			n += int64(math.Float64bits(v))
		}
	}
	return n
}
