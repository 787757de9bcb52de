package index

import (
	"cmp"
	"io"

	"github.com/sluice-gateway/sluice/internal/tsfile/bloom"
	"github.com/sluice-gateway/sluice/internal/tsfile/device"
	"github.com/sluice-gateway/sluice/internal/tsfile/footer"
	"github.com/sluice-gateway/sluice/internal/tsfile/spool"
	"github.com/sluice-gateway/sluice/internal/tsfile/wire"
)

// Finish writes everything from the separator to the end of the file.
func (b *Builder) Finish(o *Out) error {
	separator := o.Pos
	o.Write([]byte{Separator})
	filter := bloom.New(min(b.chunks, max(b.series, bloomChunks)))
	var tables []tableRoots
	var foot []byte
	err := b.each(func(id device.ID, e entries) error {
		root, err := b.writeDevice(o, id, e, filter)
		if err != nil {
			return err
		}
		name := id.Table()
		if b.Version == 3 {
			name = ""
		}
		if n := len(tables); n == 0 || tables[n-1].name != name {
			tables = append(tables, tableRoots{name: name, roots: spool.NewQueue(b.parked)})
		}
		tables[len(tables)-1].roots.Put(id.Append(nil, b.Version), root)
		return o.Err
	})
	if err == nil {
		foot, err = b.footer(o, tables)
	}
	if err != nil {
		return cmp.Or(o.Err, b.parked.Err(err))
	}
	foot = wire.AppendI64(foot, separator)
	bits := filter.Trimmed()
	foot = append(wire.AppendUv(foot, uint32(len(bits))), bits...)
	if b.Version == 3 || len(bits) > 0 {
		foot = wire.AppendUv(wire.AppendUv(foot, filter.Size), filter.Hashes)
	}
	if b.Version == 4 {
		foot = footer.AppendProperties(foot, b.Properties)
	}
	foot = append(wire.AppendU32(foot, uint32(len(foot))), Magic...)
	o.Write(foot)
	return o.Err
}

// tableRoots are the root nodes of the devices of one table; of all devices in version 3.
type tableRoots struct {
	name  string
	roots spool.Queue
}

// writeDevice writes the entries of a device and the inner nodes above them and returns
// its root node.
func (b *Builder) writeDevice(o *Out, id device.ID, e entries, filter *bloom.Filter) ([]byte, error) {
	b.nodes.Reset()
	leaves := spool.NewQueue(b.nodes)
	p := indexPen{kind: SeriesLeaf}
	path := id.String() + "."
	var key []byte
	for i := 0; ; i++ {
		head, list, err := e()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		name := (&wire.Cursor{B: head[1:]}).Name()
		if i%degree == 0 {
			if p.n == degree {
				p.close(&leaves, o.Pos)
			}
			key = wire.AppendName(key[:0], name)
			p.add(key, o.Pos)
		}
		o.Write(head)
		if _, err := io.Copy(o, list); err != nil {
			return nil, err
		}
		filter.Add(path + name)
	}
	p.close(&leaves, o.Pos)
	return raise(o, leaves, SeriesInner)
}

// footer writes the device nodes and returns the footer up to the separator's offset.
func (b *Builder) footer(o *Out, tables []tableRoots) (foot []byte, err error) {
	if b.Version == 4 {
		foot = wire.AppendUv(foot, uint32(len(tables)))
	} else if len(tables) == 0 {
		tables = []tableRoots{{roots: spool.NewQueue(b.parked)}}
	}
	for _, t := range tables {
		leaves, err := level(o, t.roots, DeviceLeaf)
		if err != nil {
			return nil, err
		}
		root, err := raise(o, leaves, DeviceInner)
		if err != nil {
			return nil, err
		}
		if b.Version == 4 {
			foot = wire.AppendName(foot, t.name)
		}
		foot = append(foot, root...)
	}
	if b.Version == 4 {
		foot = footer.AppendTables(foot, b.Tables)
	}
	return foot, nil
}

// indexPen makes one index node.
type indexPen struct {
	kind  byte
	first []byte // key
	body  []byte
	n     int
	out   []byte
}

// add appends a child that begins at off.
func (p *indexPen) add(key []byte, off int64) {
	if p.n == 0 {
		p.first = append(p.first[:0], key...)
	}
	p.body = wire.AppendI64(append(p.body, key...), off)
	p.n++
}

// close puts the node, whose children end at end, into q.
func (p *indexPen) close(q *spool.Queue, end int64) {
	p.out = append(wire.AppendUv(p.out[:0], uint32(p.n)), p.body...)
	p.out = append(wire.AppendI64(p.out, end), p.kind)
	q.Put(p.first, p.out)
	p.body, p.n = p.body[:0], 0
}

// level writes the nodes of a level and returns the one above.
func level(o *Out, q spool.Queue, kind byte) (spool.Queue, error) {
	up := q.Above()
	p := indexPen{kind: kind}
	err := q.Each(func(key, node []byte) {
		if p.n == degree {
			p.close(&up, o.Pos)
		}
		p.add(key, o.Pos)
		o.Write(node)
	})
	if p.n > 0 || q.Len() == 0 {
		p.close(&up, o.Pos)
	}
	return up, err
}

// raise writes levels until one node is left, which is returned unwritten.
func raise(o *Out, q spool.Queue, kind byte) (root []byte, err error) {
	for q.Len() > 1 {
		if q, err = level(o, q, kind); err != nil {
			return nil, err
		}
	}
	err = q.Each(func(_, node []byte) { root = node })
	return root, err
}
