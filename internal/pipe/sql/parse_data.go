package sql

// readInsert reads INSERT INTO device(time, m, ..) [ALIGNED] VALUES (..), (..).
func readInsert(p *parser) Statement {
	p.next()
	p.wantWord("INTO")
	s := &Insert{Device: readPath(p, exact), TimeIndex: -1}
	readInsertColumns(p, s)
	s.Aligned = p.takeWord("ALIGNED")
	if !p.takeWord("VALUES") && !p.takeWord("VALUE") {
		if p.isWord("SELECT") {
			p.refuse(p.tok.pos, "INSERT INTO .. SELECT is not supported")
		}
		p.expected("VALUES", "VALUES", "ALIGNED")
		return s
	}
	for !p.dead {
		s.Rows = append(s.Rows, readRow(p, s))
		if !p.takeSymbol(",") || p.tok.kind == tokEOF || p.isSymbol(";") {
			break
		}
	}
	return s
}

func readInsertColumns(p *parser, s *Insert) {
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
			name, _ := readNode(p, exact)
			s.Measurements = append(s.Measurements, name)
		}
		n++
		capList(p, n)
	})
	if len(s.Measurements) == 0 {
		p.fail("no measurement is named", "")
	}
}

// readRow reads one tuple; its length must be that of the names.
func readRow(p *parser, s *Insert) InsertRow {
	var row InsertRow
	n, want := 0, len(s.Measurements)
	if s.TimeIndex >= 0 {
		want++
	}
	at := p.tok.pos
	p.list("of the values", func() {
		if n == s.TimeIndex {
			row.Time = readTimeValue(p)
		} else {
			row.Values = append(row.Values, readLiteral(p))
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

// readDeleteFrom reads what follows DELETE FROM.
func readDeleteFrom(p *parser) Statement {
	s := &Delete{Paths: readPaths(p, pattern), Start: minTime, End: maxTime}
	if p.isWord("WHERE") {
		r := readWhere(p)
		s.Start, s.End = r.Start, r.End
	}
	return s
}

// readFlush reads FLUSH [path, ...] [TRUE|FALSE] [ON LOCAL|CLUSTER].
func readFlush(p *parser) Statement {
	p.next()
	s := &Flush{}
	if p.isWord("root") {
		s.Databases = readPaths(p, exact)
	}
	if !p.takeWord("TRUE") {
		p.takeWord("FALSE")
	}
	if p.takeWord("ON") && !p.takeWord("LOCAL") {
		p.wantWord("CLUSTER")
	}
	return s
}
