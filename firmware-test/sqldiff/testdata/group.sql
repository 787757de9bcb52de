-- Aggregates of every type, windows, LAST.
create database DB
create timeseries DB.a.b with datatype=BOOLEAN
create timeseries DB.a.i with datatype=INT32
create timeseries DB.a.l with datatype=INT64
create timeseries DB.a.f with datatype=FLOAT
create timeseries DB.a.d with datatype=DOUBLE
create timeseries DB.a.t with datatype=TEXT
create timeseries DB.a.at with datatype=TIMESTAMP
create timeseries DB.a.day with datatype=DATE
create timeseries DB.a.raw with datatype=BLOB
create timeseries DB.a.str with datatype=STRING
create timeseries DB.a.empty with datatype=INT32
create timeseries DB.neg.v with datatype=INT32
create timeseries DB.mon.v with datatype=INT32
insert into DB.a(time, b, i, l, f, d, t, at, day, raw, str) values (1, true, 1, 10, 1.5, 2.5, 'a', 1000, '2024-01-01', X'01', 'sa'), (2, false, -2, -20, -1.5, -2.5, 'b', 2000, '2023-01-01', X'02', 'sb'), (3, null, null, null, null, null, null, null, null, null, null), (15, true, 2147483647, 9223372036854775807, 3.4028235e38, 1.7976931348623157e308, 'zz', -5, '1970-01-01', X'ff', 'zz'), (16, true, 2147483647, 9223372036854775807, 3.4028235e38, 1.7976931348623157e308, 'zz', 5, '1969-12-31', X'ff', 'zz'), (17, false, -2147483648, -9223372036854775808, -3.4028235e38, 4.9e-324, '', 0, '2999-12-31', X'', '')
insert into DB.neg(time, v) values (-100, 1), (-50, 2), (-1, 3), (0, 4), (1, 5), (50, 6), (100, 7)
insert into DB.mon(time, v) values (2023-01-31T00:00:00.000+00:00, 1), (2023-02-28T12:00:00.000+00:00, 2), (2023-03-15T00:00:00.000+00:00, 3), (2023-03-31T23:59:59.999+00:00, 4), (2024-02-29T00:00:00.000+00:00, 5), (2024-12-31T23:00:00.000+00:00, 6), (2025-06-01T00:00:00.000+00:00, 7)
select count(b), count(i), count(l), count(f), count(d), count(t), count(at), count(day), count(raw), count(str) from DB.a
select count(*) from DB.a
select sum(i) from DB.a
select sum(l) from DB.a
select sum(f) from DB.a
select sum(d) from DB.a
select sum(b) from DB.a
select sum(t) from DB.a
select sum(at) from DB.a
select sum(day) from DB.a
select sum(raw) from DB.a
select sum(str) from DB.a
select avg(i), avg(l), avg(f), avg(d) from DB.a
select avg(at) from DB.a
select avg(day) from DB.a
select avg(b) from DB.a
select avg(t) from DB.a
select avg(raw) from DB.a
select avg(str) from DB.a
select min_value(i), max_value(i), min_value(l), max_value(l), min_value(f), max_value(f), min_value(d), max_value(d) from DB.a
select min_value(b) from DB.a
select max_value(b) from DB.a
select min_value(t) from DB.a
select max_value(t) from DB.a
select min_value(at), max_value(at) from DB.a
select min_value(day), max_value(day) from DB.a
select min_value(str), max_value(str) from DB.a
select min_value(raw) from DB.a
select max_value(raw) from DB.a
select first_value(*) from DB.a
select last_value(*) from DB.a
select min_time(*) from DB.a
select max_time(*) from DB.a
select first_value(raw), last_value(day), first_value(at), last_value(str) from DB.a
select min_value(*) from DB.a
select sum(*) from DB.a
select avg(*) from DB.neg
select count(i), sum(i), avg(i), min_value(i), max_value(i), first_value(i), last_value(i), min_time(i), max_time(i) from DB.a where time > 1000
select count(empty), sum(empty), avg(empty), min_value(empty), max_value(empty), first_value(empty), last_value(empty), min_time(empty), max_time(empty) from DB.a
select count(nothing), sum(i) from DB.a
select sum(nothing) from DB.a
select count(a.i) from DB
select count(*.i) from DB
select count(**) from DB
select count(i) from DB.*
select count(i) from DB.a, DB.neg
select count(i), count(i) from DB.a
select COUNT(i), Sum(i) from DB.a
select count( i ) from DB.a
select count (i) from DB.a
select count() from DB.a
select count from DB.a
select count(i) + 1 from DB.a
select -count(i) from DB.a
select count(1) from DB.a
select count('x') from DB.a
select count(i + 1) from DB.a
select sum(count(i)) from DB.a
select count(time) from DB.a
select max_time(i), max_value(i) from DB.a where time < 10 order by time desc
select count(i) from DB.a order by time
select count(i) from DB.a limit 1
select count(i) from DB.a limit 1 offset 1
select count(i) from DB.a offset 1
select count(i) from DB.a where b = true
select count(i) from DB.a where i > 0 and time < 16
select first_value(i), last_value(t) from DB.a where d > 0
select mode(i) from DB.a
select stddev(i) from DB.a
select extreme(i) from DB.a
select count_if(i > 0, 1) from DB.a
select max_by(i, l) from DB.a
select time_duration(i) from DB.a
select spread(i) from DB.a
select variance(i) from DB.a
-- group by
select count(i) from DB.a group by ([0, 20), 5ms)
select count(i) from DB.a group by ([0,20),5ms)
select count(i) from DB.a group by ([0, 20), 5)
select count(i) from DB.a group by ([0, 20], 5ms)
select count(i) from DB.a group by ((0, 20], 5ms)
select count(i) from DB.a group by ((0, 20), 5ms)
select count(i) from DB.a group by ([0, 20), 5ms, 3ms)
select count(i) from DB.a group by ([0, 20), 5ms, 7ms)
select count(i) from DB.a group by ((0, 20], 5ms, 3ms)
select count(i) from DB.a group by ((0, 20], 5ms, 7ms)
select count(i) from DB.a group by ([0, 20), 3ms, 5ms) order by time desc
select count(i) from DB.a group by ((0, 20], 7ms) order by time desc
select count(i) from DB.a group by ([0, 20), 7ms, 3ms) order by time desc
select count(i) from DB.a group by ([0, 20), 1000ms)
select count(i) from DB.a group by ([0, 20), 20ms)
select count(i) from DB.a group by ([0, 20), 1s)
select count(i) from DB.a group by ([0, 20), 0ms)
select count(i) from DB.a group by ([0, 20), -1ms)
select count(i) from DB.a group by ([0, 20), 5ms, 0ms)
select count(i) from DB.a group by ([0, 20), 5xx)
select count(i) from DB.a group by ([0, 20), 5us)
select count(i) from DB.a group by ([0, 20), 5ns)
select count(i) from DB.a group by ([0, 0), 5ms)
select count(i) from DB.a group by ([20, 0), 5ms)
select count(i) from DB.a group by ([0, 20)
select count(i) from DB.a group by (0, 20, 5ms)
select count(i) from DB.a group by [0, 20), 5ms
select count(i) from DB.a group by ([0, 20))
select count(i) from DB.a group by ()
select count(i) from DB.a group by
select count(i) from DB.a group by time
select count(i) from DB.a group by (5ms)
select count(i) from DB.a group by ([1970-01-01T00:00:00.000+00:00, 1970-01-01T00:00:00.020+00:00), 5ms)
select count(i) from DB.a group by ([1970-01-01, 1970-01-02), 12h)
select count(i) from DB.a group by ([1970-01-01, 1970-01-02), 12h, 6h)
select count(i), sum(i), avg(i), first_value(t), max_time(i), min_time(i), last_value(b) from DB.a group by ([0, 30), 10ms)
select sum(i) from DB.a group by ([0, 20), 16ms)
select sum(l) from DB.a group by ([0, 20), 16ms)
select avg(d) from DB.a group by ([0, 20), 5ms)
select sum(f) from DB.a group by ([10, 20), 5ms)
select min_value(d), max_value(d) from DB.a group by ([0, 20), 10ms)
select min_value(str), max_value(at), min_value(day) from DB.a group by ([0, 20), 10ms)
select first_value(raw), last_value(raw) from DB.a group by ([0, 20), 10ms)
select __endTime, count(i) from DB.a group by ([0, 20), 10ms)
select count(i), __endTime from DB.a group by ([0, 20), 10ms)
select __endTime, count(i) from DB.a group by ((0, 20], 10ms)
select __endtime, count(i) from DB.a group by ([0, 20), 10ms)
select __endTime, count(i) from DB.a group by ([0, 20), 10ms, 5ms)
select __endTime from DB.a group by ([0, 20), 10ms)
select __endTime, count(i) from DB.a
select __endTime, count(i) from DB.a group by ([0, 20), 10ms) align by device
select count(i) as c from DB.a group by ([0, 20), 10ms)
select count(i) from DB.a where time > 2 group by ([0, 20), 5ms)
select count(i) from DB.a where time > 5 and time < 10 group by ([0, 20), 5ms)
select count(i) from DB.a where i > 0 group by ([0, 20), 5ms)
select count(i) from DB.a where b = true group by ([0, 20), 5ms)
select count(i), count(t) from DB.a where i > 0 or t = 'b' group by ([0, 20), 5ms)
select count(i) from DB.a group by ([0, 20), 5ms) limit 2
select count(i) from DB.a group by ([0, 20), 5ms) limit 2 offset 1
select count(i) from DB.a group by ([0, 20), 5ms) order by time desc limit 2
select count(i) from DB.a group by ([0, 20), 5ms) order by time desc limit 2 offset 1
select count(i) from DB.a group by ([0, 20), 5ms) limit 2 offset 10
select count(i), count(l) from DB.a group by ([0, 20), 5ms) slimit 1
select count(i), count(l) from DB.a group by ([0, 20), 5ms) slimit 1 soffset 1
select count(i) from DB.a, DB.neg group by ([0, 20), 5ms)
select count(v) from DB.** group by ([0, 20), 5ms)
select count(*) from DB.** group by ([0, 20), 10ms)
select count(i), count(v) from DB.a, DB.neg group by ([0, 20), 10ms)
select count(nothing) from DB.a group by ([0, 20), 10ms)
select count(empty), sum(empty) from DB.a group by ([0, 20), 10ms)
select count(v) from DB.neg group by ([-100, 101), 50ms)
select count(v) from DB.neg group by ([-100, 101), 50ms, 25ms)
select count(v) from DB.neg group by ((-101, 100], 50ms)
select count(v) from DB.neg group by ([-99, 99), 33ms)
select count(v) from DB.neg group by ([-99, 99), 33ms, 40ms)
select count(v) from DB.neg group by ([-99, -1), 33ms)
select count(v) from DB.neg group by ([-100, 101), 50ms) order by time desc
select count(v) from DB.neg group by ([-1000000, 1000000), 500000ms)
select sum(v) from DB.neg where time < 0
select min_time(v), max_time(v) from DB.neg where time < 0
select count(v) from DB.mon group by ([2023-01-31T00:00:00.000+00:00, 2023-06-30T00:00:00.000+00:00), 1mo)
select count(v) from DB.mon group by ([2023-01-01T00:00:00.000+00:00, 2025-07-01T00:00:00.000+00:00), 1y)
select count(v) from DB.mon group by ([2024-02-29T00:00:00.000+00:00, 2026-07-01T00:00:00.000+00:00), 1y)
select count(v) from DB.mon group by ([2023-01-01T00:00:00.000+00:00, 2025-07-01T00:00:00.000+00:00), 6mo)
select count(v) from DB.mon group by ([2023-01-01T00:00:00.000+00:00, 2024-01-01T00:00:00.000+00:00), 2mo, 1mo)
select count(v) from DB.mon group by ([2023-01-31T00:00:00.000+00:00, 2023-08-01T00:00:00.000+00:00), 1mo, 2mo)
select count(v) from DB.mon group by ([2023-01-31T00:00:00.000+00:00, 2023-08-01T00:00:00.000+00:00), 1mo) order by time desc
select count(v) from DB.mon group by ((2023-01-31T00:00:00.000+00:00, 2023-08-01T00:00:00.000+00:00], 1mo)
select count(v) from DB.mon group by ([2023-01-31T00:00:00.000+00:00, 2023-08-01T00:00:00.000+00:00), 1mo1d)
select count(v) from DB.mon group by ([2023-01-31T00:00:00.000+00:00, 2023-08-01T00:00:00.000+00:00), 30d, 1mo)
select count(v) from DB.mon group by ([2023-01-31T00:00:00.000+00:00, 2023-08-01T00:00:00.000+00:00), 1mo, 30d)
select count(v) from DB.mon group by ([2023-01-31T00:00:00.000+00:00, 2023-08-01T00:00:00.000+00:00), 10mo)
select count(v) from DB.mon group by ([2023-01-31T00:00:00.000+00:00, 2023-08-01T00:00:00.000+00:00), 1w)
select count(v) from DB.mon group by ([2023-01-31T00:00:00.000+00:00, 2023-02-08T00:00:00.000+00:00), 1d12h)
select __endTime, count(v) from DB.mon group by ([2023-01-31T00:00:00.000+00:00, 2023-08-01T00:00:00.000+00:00), 1mo)
select count(v) from DB.mon group by ([2023-01-31, 2023-08-01), 1MO)
select count(v) from DB.mon group by ([2023-01-31, 2023-08-01), 1 mo)
select count(v) from DB.mon group by ([2023-01-31, 2023-08-01), 1mo, 1mo)
select count(v) from DB.mon group by ([2023-01-31, 2023-08-01), mo)
select count(v) from DB.mon group by ([1969-10-31T00:00:00.000+00:00, 1970-03-01T00:00:00.000+00:00), 1mo)
select count(v) from DB.** group by level=1
select count(v) from DB.** group by level=0
select count(v) from DB.** group by level=0,1
select count(i) from DB.a group by tags(x)
select count(i) from DB.a group by variation(i)
select count(i) from DB.a group by session(5ms)
select count(i) from DB.a group by count(i, 2)
select count(i) from DB.a group by condition(i > 0)
select count(i) from DB.a group by ([0, 20), 5ms) having count(i) > 0
select count(i) from DB.a group by ([0, 20), 5ms) fill(previous)
select count(i) from DB.a group by ([0, 20), 5ms), level=1
-- last
select last i from DB.a
select last i, t, b, f from DB.a
select last * from DB.a
select last ** from DB
select last v from DB.*
select last v from DB.neg where time < 50
select last v from DB.neg where time > 200
select last v from DB.neg where time >= 0
select last v from DB.neg where time >= 0 and time < 60
select last v from DB.neg where v > 3
select last v from DB.neg where time = 0
select last v from DB.neg where time < 50 or time > 60
select last empty from DB.a
select last nothing from DB.a
select last i from DB.nothing
select last v from DB.** order by timeseries
select last v from DB.** order by timeseries desc
select last v from DB.** order by time
select last v from DB.** order by time desc
select last v from DB.** order by value
select last v from DB.** order by datatype
select last v from DB.** order by device
select last v from DB.** order by timeseries asc, time desc
select last v from DB.** limit 1
select last v from DB.** order by timeseries desc limit 1
select last count(v) from DB.**
select last v as x from DB.neg
select last v from DB.neg align by device
select last v from DB.neg align by time
select last from DB.neg
select last v, v from DB.neg
select last neg.v, mon.v from DB
select last v from DB.neg where time > now()
select last v from DB.mon where time > 2024-01-01
