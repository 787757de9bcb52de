package sql

// insert reads INSERT INTO device(time, m, ..) [ALIGNED] VALUES (..), (..).
func (p *parser) insert() Statement {
	p.next()
	p.wantWord("INTO")
	s := &Insert{Device: p.path(exact), TimeIndex: -1}
	p.insertColumns(s)
	s.Aligned = p.takeWord("ALIGNED")
	if !p.takeWord("VALUES") && !p.takeWord("VALUE") {
		if p.isWord("SELECT") {
			p.refuse(p.tok.pos, "INSERT INTO .. SELECT is not supported")
		}
		p.expected("VALUES", "VALUES", "ALIGNED")
		return s
	}
	for !p.dead {
		s.Rows = append(s.Rows, p.row(s))
		if !p.takeSymbol(",") || p.tok.kind == tokEOF || p.isSymbol(";") {
			break
		}
	}
	return s
}

func (p *parser) insertColumns(s *Insert) {
	n := 0
	p.list("of the column names", func() {
		if p.isWord("time") || p.isWord("timestamp") {
			if s.TimeIndex >= 0 {
				p.fail("the time column is named twice", "")
				return
			}
			s.TimeIndex = n
			p.next()
		} else {
			name, _ := p.node(exact)
			s.Measurements = append(s.Measurements, name)
		}
		n++
		p.cap(n)
	})
	if len(s.Measurements) == 0 {
		p.fail("no measurement is named", "")
	}
}

// row reads one tuple; its length must be that of the names.
func (p *parser) row(s *Insert) InsertRow {
	var row InsertRow
	n, want := 0, len(s.Measurements)
	if s.TimeIndex >= 0 {
		want++
	}
	at := p.tok.pos
	p.list("of the values", func() {
		if n == s.TimeIndex {
			row.Time = p.timeValue()
		} else {
			row.Values = append(row.Values, p.literal())
		}
		if n++; n > want {
			p.fail("more values than names", "")
		}
	})
	if n < want && !p.dead {
		p.note(at, "fewer values than names", "write null for a value that is missing")
		p.die()
	}
	return row
}

// deleteFrom reads what follows DELETE FROM.
func (p *parser) deleteFrom() Statement {
	s := &Delete{Paths: p.paths(pattern), Start: minTime, End: maxTime}
	if p.isWord("WHERE") {
		r := p.where()
		s.Start, s.End = r.Start, r.End
	}
	return s
}

// flush reads FLUSH [path, ...] [TRUE|FALSE] [ON LOCAL|CLUSTER].
func (p *parser) flush() Statement {
	p.next()
	s := &Flush{}
	if p.isWord("root") {
		s.Databases = p.paths(exact)
	}
	if !p.takeWord("TRUE") {
		p.takeWord("FALSE")
	}
	if p.takeWord("ON") && !p.takeWord("LOCAL") {
		p.wantWord("CLUSTER")
	}
	return s
}
