package query

import (
	"strings"
	"testing"
)

// sample is what the statements of TestStatements are asked of.
func sample(t *testing.T) *world {
	w := newWorld(t, Config{})
	w.write(table(t, "root.q.d1", `time b:BOOLEAN i:INT32 l:INT64 f:FLOAT d:DOUBLE t:TEXT s:STRING ts:TIMESTAMP dt:DATE bl:BLOB
1 true 1 10 1.5 2.5 abc xyz 1000 20240101 x
2 - 2 20 - - - - - - -
3 false 3 - 3.25 - def - - - -`),
		table(t, "root.q.d2", "time i:DOUBLE j:DOUBLE\n2 22 5\n4 44 6"),
		table(t, "root.q.g", "time a:DOUBLE x:DOUBLE\n1 1 1.5\n5 5 2.5\n12 12 -\n23 23 4.5"),
		table(t, "root.q.h", "time a:DOUBLE\n1 1\n5 5\n12 12\n23 23"))
	return w
}

// TestStatements has answers that IoTDB 2.0.1-beta gives, as far as the order of columns of
// wildcards is not concerned.
func TestStatements(t *testing.T) {
	w := sample(t)
	for _, c := range []struct{ ask, want string }{
		{"select i, l from root.q.d1", "Time root.q.d1.i:INT32 root.q.d1.l:INT64 |1 1 10 |2 2 20 |3 3 - "},
		{"select i, l from root.q.d1 order by time desc limit 2", "Time root.q.d1.i:INT32 root.q.d1.l:INT64 |3 3 - |2 2 20 "},
		{"select i, i, l as x from root.q.d1 where time = 2", "Time root.q.d1.i:INT32 root.q.d1.i:INT32 x:INT64 |2 2 2 20 "},
		{"select i from root.q.d1, root.q.d2", "Time root.q.d1.i:INT32 root.q.d2.i:DOUBLE |1 1 - |2 2 22.0 |3 3 - |4 - 44.0 "},
		{"select i from root.q.d1, root.q.d2 where i > 2", "Time root.q.d1.i:INT32 root.q.d2.i:DOUBLE "},
		{"select i, l from root.q.d1 where l > 5 or i = 3", "Time root.q.d1.i:INT32 root.q.d1.l:INT64 |1 1 10 |2 2 20 |3 3 - "},
		{"select i, l from root.q.d1 where not(l > 15)", "Time root.q.d1.i:INT32 root.q.d1.l:INT64 |1 1 10 "},
		{"select i, l from root.q.d1 where l is null or i = 2", "Time root.q.d1.i:INT32 root.q.d1.l:INT64 |2 2 20 |3 3 - "},
		{"select l from root.q.d1 where l not in (10, 30)", "Time root.q.d1.l:INT64 |2 20 "},
		{"select l from root.q.d1 where l not between 5 and 15", "Time root.q.d1.l:INT64 |2 20 "},
		{"select t from root.q.d1 where t not like 'a%'", "Time root.q.d1.t:TEXT |3 def "},
		{"select t from root.q.d1 where t regexp 'b'", "Time root.q.d1.t:TEXT |1 abc "},
		{"select t from root.q.d1 where t > 'abd'", "Time root.q.d1.t:TEXT |3 def "},
		{"select i from root.q.d1 where b", "Time root.q.d1.i:INT32 |1 1 "},
		{"select i from root.q.d1 where not b", "Time root.q.d1.i:INT32 |3 3 "},
		{"select i from root.q.d1 where f < l", "Time root.q.d1.i:INT32 |1 1 "},
		{"select dt from root.q.d1 where dt = '2024-01-01'", "Time root.q.d1.dt:DATE |1 2024-01-01 "},
		{"select ts from root.q.d1 where ts >= 1970-01-01T00:00:01Z", "Time root.q.d1.ts:TIMESTAMP |1 1000 "},
		{"select i from root.q.d1 where time not in (1, 3)", "Time root.q.d1.i:INT32 |2 2 "},
		{"select i from root.q.d1 where time != 2", "Time root.q.d1.i:INT32 |1 1 |3 3 "},
		{"select i from root.q.d1 where root.q.d2.i > 1", "Time root.q.d1.i:INT32 |2 2 |4 - "},
		{"select d1.i from root.q where d2.i > 1", "Time root.q.d1.i:INT32 |2 2 |4 - "},
		{"select i from root.q.d1 where nosuch > 1 or i > 2", "Time root.q.d1.i:INT32 |3 3 "},
		{"select i from root.q.d1 where nosuch > 1 and i > 2", "Time root.q.d1.i:INT32 "},
		{"select count(i) from root.q.d1 where nosuch > 1", "count(root.q.d1.i):INT64 "},
		{"select count(i) from root.q.d1 where i > 100", "count(root.q.d1.i):INT64 |0 "},
		{"select count(nosuch) from root.q.d1", "Time "},
		{"select * from root.nosuch", "Time "},
		{"select COUNT(i), Sum(i) as c, avg(i), max_value(f), min_time(i), max_time(l) from root.q.d1",
			"COUNT(root.q.d1.i):INT64 c:DOUBLE avg(root.q.d1.i):DOUBLE max_value(root.q.d1.f):FLOAT min_time(root.q.d1.i):INT64 max_time(root.q.d1.l):INT64 |3 6.0 2.0 3.25 1 2 "},
		{"select first_value(t), last_value(t), max_value(s), min_value(dt) from root.q.d1 where time > 5",
			"first_value(root.q.d1.t):TEXT last_value(root.q.d1.t):TEXT max_value(root.q.d1.s):STRING min_value(root.q.d1.dt):DATE |- - - - "},
		{"select sum(i) from root.q.d1 where l is null", "sum(root.q.d1.i):DOUBLE |3.0 "},
		{"select i from root.q.* align by device", "701: line 1, column 8: ALIGN BY DEVICE: the data types of the same measurement column should be the same across devices.; i is INT32 and, in root.q.d2, DOUBLE"},
		{"select a, j from root.q.** limit 2 offset 3 align by device", "Time Device:TEXT a:DOUBLE j:DOUBLE |5 root.q.g 5.0 - |12 root.q.g 12.0 - "},
		{"select a, j from root.q.** where time < 5 order by time desc, device desc align by device",
			"Time Device:TEXT a:DOUBLE j:DOUBLE |4 root.q.d2 - 6.0 |2 root.q.d2 - 5.0 |1 root.q.h 1.0 - |1 root.q.g 1.0 - "},
		{"select a, j from root.q.** where time < 2 slimit 1 align by device", "Time Device:TEXT a:DOUBLE |1 root.q.g 1.0 |1 root.q.h 1.0 "},
		{"select * from root.q.g, root.q.d2 where a > 20 or j > 5 align by device", "Time Device:TEXT i:DOUBLE j:DOUBLE a:DOUBLE x:DOUBLE |4 root.q.d2 44.0 6.0 - - |23 root.q.g - - 23.0 4.5 "},
		{"select count(i) from root.q.d2, root.q.g where a > 2 align by device", "Device:TEXT count(i):INT64 "},
		{"select count(*), count(a) from root.q.g align by device", "Device:TEXT count(a):INT64 count(x):INT64 count(a):INT64 |root.q.g 4 3 4 "},
		{"select count(a), count(j) from root.q.** order by device desc align by device",
			"Device:TEXT count(a):INT64 count(j):INT64 |root.q.h 4 - |root.q.g 4 - |root.q.d2 - 2 "},
		{"select count(a), count(j) from root.q.** group by ([0,20),10ms) order by time desc align by device",
			"Time Device:TEXT count(a):INT64 count(j):INT64 |10 root.q.d2 - 0 |10 root.q.g 1 - |10 root.q.h 1 - |0 root.q.d2 - 2 |0 root.q.g 2 - |0 root.q.h 2 - "},
		{"select d1.i from root.q align by device", "701: line 1, column 8: ALIGN BY DEVICE: the suffix paths can only be measurement or one-level wildcard"},
		{"select count(a), sum(a) from root.q.g group by ([0,30), 10ms)", "Time count(root.q.g.a):INT64 sum(root.q.g.a):DOUBLE |0 2 6.0 |10 1 12.0 |20 1 23.0 "},
		{"select count(a), first_value(a) from root.q.g group by ([0,25), 10ms, 5ms)",
			"Time count(root.q.g.a):INT64 first_value(root.q.g.a):DOUBLE |0 2 1.0 |5 2 5.0 |10 1 12.0 |15 1 23.0 |20 1 23.0 "},
		{"select count(a), min_time(a) from root.q.g group by ((2,23], 10ms)", "Time count(root.q.g.a):INT64 min_time(root.q.g.a):INT64 |12 2 5 |22 0 - |23 1 23 "},
		{"select __endTime, count(a) from root.q.g group by ([0,25),10ms,15ms)", "Time __endTime:INT64 count(root.q.g.a):INT64 |0 9 2 |15 24 1 "},
		{"select __endTime, count(a) from root.q.g group by ((0,25],10ms,15ms)", "Time __endTime:INT64 count(root.q.g.a):INT64 |10 10 2 |25 25 1 "},
		{"select count(a), sum(x) from root.q.g where x > 2 group by ([0,30), 10ms) order by time desc limit 2",
			"Time count(root.q.g.a):INT64 sum(root.q.g.x):DOUBLE |20 1 4.5 |10 0 - "},
		{"select count(a) from root.q.g where time > 5 and time < 20 group by ([0,30), 10ms)", "Time count(root.q.g.a):INT64 |0 0 |10 1 |20 0 "},
		{"select count(a) from root.q.g group by ([-5,5),5ms)", "Time count(root.q.g.a):INT64 |-5 0 |0 1 "},
		{"select count(a) from root.q.g group by ([2024-01-31T00:00:00Z, 2024-04-30T00:00:00Z), 1mo, 2mo)", "Time count(root.q.g.a):INT64 |1706659200000 0 |1711843200000 0 "},
		{"select __endTime, count(a) from root.q.g group by ([2024-01-31T00:00:00Z, 2024-03-15T00:00:00Z), 1mo, 10d)",
			"Time __endTime:INT64 count(root.q.g.a):INT64 |1706659200000 1709164799999 0 |1707523200000 1710028799999 0 |1708387200000 1710460799999 0 |1709251200000 1710460799999 0 |1710115200000 1710460799999 0 "},
		{"select last i, l from root.q.d1 order by timeseries desc", "Time Timeseries:TEXT Value:TEXT DataType:TEXT |2 root.q.d1.l 20 INT64 |3 root.q.d1.i 3 INT32 "},
		{"select last * from root.q.d1 where time < 2 limit 3", "Time Timeseries:TEXT Value:TEXT DataType:TEXT |1 root.q.d1.b true BOOLEAN |1 root.q.d1.bl 0x78 BLOB |1 root.q.d1.d 2.5 DOUBLE "},
		{"select last dt, ts from root.q.d1 order by time", "Time Timeseries:TEXT Value:TEXT DataType:TEXT |1 root.q.d1.dt 20240101 DATE |1 root.q.d1.ts 1000 TIMESTAMP "},
		{"select last * from root.nosuch", "Time Timeseries:TEXT Value:TEXT DataType:TEXT "},
		{"select last a from root.q.g where a > 1", "701: Only time filters are supported in LAST query"},
		{"select sum(t) from root.q.d1", "701: line 1, column 12: Aggregate functions [AVG, SUM] only support numeric data types [INT32, INT64, FLOAT, DOUBLE]; root.q.d1.t has the type TEXT"},
		{"select i from root.q.d1 where t = 3", "701: line 1, column 35: root.q.d1.t has the type TEXT: it cannot be compared with 3; put the text in quotes"},
		{"select * as x from root.q.d1", "701: line 1, column 8: alias 'x' can only be matched with one time series"},
		{"select a from root.q.g limit 0", "701: line 1, column 30: LIMIT <N>: N should be greater than 0."},
		{"select i + 1 from root.q.d1", "300: line 1, column 8: expressions and constants in SELECT are not supported here, only series and aggregates of series"},
		{"select max_by(a, x) from root.q.g", "300: line 1, column 8: the function max_by is not supported here; the functions are count, sum, avg, min_value, max_value, first_value, last_value, min_time, max_time"},
		{"select a from root.q.g where a + 1 > 2", "300: line 1, column 32: arithmetic in WHERE is not supported here"},
		{"select count(a) from root.q.g group by ([0,30), 10ms) fill(0)", "300: line 1, column 55: the clause FILL is not supported here"},
	} {
		if got := strings.ReplaceAll(w.ask(c.ask), "\n", "|"); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.ask, got, c.want)
		}
	}
	if w.src.open != 0 || len(w.Running()) != 0 {
		t.Errorf("%d views and %d queries are left open", w.src.open, len(w.Running()))
	}
}
