-- Paths, aliases, conditions, order, limits, ALIGN BY DEVICE.
create database DB
create timeseries DB.a.x.s1 with datatype=INT32
create timeseries DB.a.x.s2 with datatype=INT64
create timeseries DB.a.x.b with datatype=BOOLEAN
create timeseries DB.a.x.t with datatype=TEXT
create timeseries DB.a.y.s1 with datatype=FLOAT
create timeseries DB.a.y.s2 with datatype=DOUBLE
create timeseries DB.a.s1 with datatype=INT32
create timeseries DB.s1 with datatype=INT32
create aligned timeseries DB.b.x(s1 INT32, s2 TEXT, at TIMESTAMP, day DATE, raw BLOB, str STRING)
insert into DB.a.x(time, s1, s2, b, t) values (1, 1, 100, true, 'one'), (2, 2, 200, false, 'two'), (3, null, 300, null, null), (10, 10, null, true, 'ten')
insert into DB.a.y(time, s1, s2) values (2, 2.5, 0.1), (3, 1e10, 1e100), (11, -0.0, 1e-300)
insert into DB.a(time, s1) values (5, 55)
insert into DB(time, s1) values (6, 66)
insert into DB.b.x(time, s1, s2, at, day, raw, str) aligned values (1, 7, 'x', 1700000000000, '2024-01-01', X'01', 'st'), (4, null, null, null, null, null, null), (5, 9, null, 2, null, X'ff', null)
-- wildcards in every position
select * from DB
select ** from DB
select *.* from DB
select a.* from DB
select a.*.s1 from DB
select a.**.s1 from DB
select **.s1 from DB
select *.x.s1 from DB
select s* from DB.a.x
select *1 from DB.a.x
select s*1 from DB.a.x
select *s* from DB.a.x
select s1 from DB.*.x
select s1 from DB.**
select s1 from DB.**.x
select s1 from DB.*.*
select s1 from DB.a*.x
select s1 from DB.*a.*x
select * from DB.**
select x.s1, y.s1 from DB.a
select x.*, y.s2 from DB.a
select a.x.s1, b.x.s1 from DB
select s1 from DB.a.x, DB.b.x
select s1, s2 from DB.a.x, DB.b.x
select s1, s1, s1 from DB.a.x
select *, * from DB.a.x
select *, s1 from DB.a.x
select s1 from root.**.nothing
select s1 from root.*.nothing.*
select s1 from DB.a.x, DB.a.x
select s1 from DB.**, DB.a.x
select DB.a.x.s1 from root
select * from root.nothing
select ** from root.nothing.**
select * from root.nothing where time > 3
select count(*) from root.nothing
select last * from root.nothing
select * from root.nothing align by device
-- aliases
select s1 as a from DB.a.x
select s1 a from DB.a.x
select s1 as 'a' from DB.a.x
select s1 as "a" from DB.a.x
select s1 as `a b` from DB.a.x
select s1 as a.b from DB.a.x
select s1 as 1a from DB.a.x
select s1 as 1 from DB.a.x
select s1 as select from DB.a.x
select s1 as time from DB.a.x
select s1 as root from DB.a.x
select s1 as a, s2 as a from DB.a.x
select s1 as s2, s2 as s1 from DB.a.x
select s1 as s2, s2 from DB.a.x
select * as a from DB.a.x
select s1 as a from DB.a.*
select s1 as a from DB.a.x align by device
select * as a from DB.a.x align by device
select s1 as a from DB.a.* align by device
select s1 as a, s1 as b from DB.a.x
select s1 as a, s1 from DB.a.x
select count(s1) as c, sum(s1) as d from DB.a.x
select count(*) as c from DB.a.x
select count(s1) as c from DB.a.* align by device
select last s1 as a from DB.a.x
select s1 as `1` from DB.a.x
select s1 as `a.b` from DB.a.x
select s1 as `a` from DB.a.x
select s1 as `a``b` from DB.a.x
select s1 as 文 from DB.a.x
select s1 as é from DB.a.x
-- predicates
select s1 from DB.a.x where s1 = 1
select s1 from DB.a.x where s1 == 1
select s1 from DB.a.x where 1 = s1
select s1 from DB.a.x where 1 < s1
select s1 from DB.a.x where s1 < s2
select s1 from DB.a.x where s1 > 1.5
select s1 from DB.a.x where s1 > -1
select s1 from DB.a.x where s1 > +1
select s1 from DB.a.x where s1 > - 1
select s1 from DB.a.x where -s1 < 0
select s1 from DB.a.x where s1 > 1e0
select s1 from DB.a.x where s1 > .5
select s1 from DB.a.x where s1 > 5.
select s1 from DB.a.x where s1 > 99999999999
select s1 from DB.a.x where s1 > 99999999999999999999
select s1 from DB.a.x where s2 = 100.0
select s1 from DB.a.y where s1 = 2.5
select s1 from DB.a.y where s2 = 0.1
select s1 from DB.a.y where s1 = 0.1
select s1 from DB.a.y where s1 = 0
select s1 from DB.a.y where s1 = -0
select s1 from DB.a.y where s1 > 1e9
select s1 from DB.a.y where s1 = NaN
select s1 from DB.a.y where s1 < infinity
select b from DB.a.x where b
select b from DB.a.x where b = true
select b from DB.a.x where b = TRUE
select b from DB.a.x where b != false
select b from DB.a.x where b > false
select b from DB.a.x where b = 1
select b from DB.a.x where b = 'true'
select b from DB.a.x where not b
select b from DB.a.x where !b
select b from DB.a.x where true
select b from DB.a.x where false
select b from DB.a.x where null
select b from DB.a.x where b = null
select b from DB.a.x where 1 = 1
select b from DB.a.x where 1
select b from DB.a.x where 'x'
select s1 from DB.a.x where s1
select s1 from DB.a.x where t
select t from DB.a.x where t = 'one'
select t from DB.a.x where t = one
select t from DB.a.x where t > 'o'
select t from DB.a.x where t < 'two'
select t from DB.a.x where t != 'one'
select t from DB.a.x where t = 1
select t from DB.a.x where t = '1'
select t from DB.a.x where t like 't%'
select t from DB.a.x where t like '_wo'
select t from DB.a.x where t like '%'
select t from DB.a.x where t not like 't%'
select t from DB.a.x where t like 'ONE'
select t from DB.a.x where t like '%.%'
select t from DB.a.x where t like 't\%'
select t from DB.a.x where t like 't!%' escape '!'
select t from DB.a.x where t like 5
select t from DB.a.x where s1 like '1%'
select t from DB.a.x where t regexp 't.*'
select t from DB.a.x where t regexp 't'
select t from DB.a.x where t regexp '['
select t from DB.a.x where t not regexp 't.*'
select t from DB.a.x where t in ('one', 'ten')
select t from DB.a.x where t not in ('one', 'ten')
select t from DB.a.x where t in ('one')
select t from DB.a.x where t in ()
select t from DB.a.x where t in (1)
select t from DB.a.x where s1 in (1, 2.0, '10')
select t from DB.a.x where s1 in ('a')
select t from DB.a.x where s1 contains 1
select t from DB.a.x where t contains 'o'
select t from DB.a.x where s1 between 1 and 2
select t from DB.a.x where s1 not between 1 and 2
select t from DB.a.x where s1 between 2 and 1
select t from DB.a.x where t between 'a' and 'p'
select t from DB.a.x where time between 1 and 2
select t from DB.a.x where time not between 1 and 2
select t from DB.a.x where time in (1, 2, 10)
select t from DB.a.x where time not in (1, 2)
select t from DB.a.x where s1 is null
select t from DB.a.x where s1 is not null
select t from DB.a.x where not s1 is null
select t from DB.a.x where time is null
select t from DB.a.x where s1 is null and s2 is not null
select t from DB.a.x where t is null or s1 = 1
select s1 from DB.a.x where time = 1
select s1 from DB.a.x where Time = 1
select s1 from DB.a.x where TIME = 1
select s1 from DB.a.x where timestamp = 1
select s1 from DB.a.x where `time` = 1
select s1 from DB.a.x where 1 = time
select s1 from DB.a.x where 2 > time
select s1 from DB.a.x where time != 1
select s1 from DB.a.x where time <> 1
select s1 from DB.a.x where time > 1 and time < 1
select s1 from DB.a.x where time > 1.5
select s1 from DB.a.x where time = '1'
select s1 from DB.a.x where time > -5
select s1 from DB.a.x where time > 1 + 1
select s1 from DB.a.x where time + 1 > 2
select s1 from DB.a.x where time > s1
select s1 from DB.a.x where (time > 1)
select s1 from DB.a.x where ((time > 1)) and ((s1 > 1))
select s1 from DB.a.x where time > 1 && s1 > 1
select s1 from DB.a.x where time > 1 & s1 > 1
select s1 from DB.a.x where time < 2 || s1 > 1
select s1 from DB.a.x where time < 2 | s1 > 1
select s1 from DB.a.x where s1 > 1 and s2 > 100 or t = 'one'
select s1 from DB.a.x where s1 > 1 or s2 > 100 and t = 'one'
select s1 from DB.a.x where s1 > 1 and (s2 > 100 or t = 'one')
select s1 from DB.a.x where y.s1 > 1
select x.s1 from DB.a where x.s1 > 1
select x.s1 from DB.a where y.s1 > 1
select x.s1, y.s1 from DB.a where y.s1 > 1
select x.s1 from DB.a where DB.a.y.s1 > 1
select s1 from DB.a.x where DB.a.x.s1 > 1
select s1 from DB.a.* where s1 > 2
select s1 from DB.a.x where * > 2
select s1 from DB.a.x where s* > 2
select s1 from DB.a.x where nothing = 1 and s1 > 1
select s1 from DB.a.x where nothing is null
select s1 from DB.a.x where s1 > nothing
select s1 from DB.a.x where abs(s1) > 1
select s1 from DB.a.x where count(s1) > 1
select s1 from DB.a.x where s1 > (1)
select s1 from DB.a.x where s1 > 1 = true
select s1 from DB.a.x where s1 > 1 > 0
select s1 from DB.b.x where at = 2
select s1 from DB.b.x where at > 2023-01-01T00:00:00Z
select s1 from DB.b.x where at = '2'
select s1 from DB.b.x where day = '2024-01-01'
select s1 from DB.b.x where day = 20240101
select s1 from DB.b.x where day > '2023-01-01'
select s1 from DB.b.x where raw = X'ff'
select s1 from DB.b.x where raw = 'x'
select s1 from DB.b.x where str = 'st'
select s1 from DB.b.x where str = "st"
select s1 from DB.b.x where str like 's%'
select s1 from DB.b.x where s2 = 'x'
select * from DB.b.x where s1 is null
select * from DB.b.x where time = 4
-- order, limit
select s1 from DB.a.x order by time
select s1 from DB.a.x order by Time desc
select s1 from DB.a.x order by timestamp desc
select s1 from DB.a.x order by `time` desc
select s1 from DB.a.x order by s1
select s1 from DB.a.x order by s1 desc
select s1 from DB.a.x order by device
select s1 from DB.a.x order by timeseries
select s1 from DB.a.x order by time, time
select s1 from DB.a.x order by time desc, time asc
select s1 from DB.a.x order by nothing
select s1 from DB.a.x order by
select s1 from DB.a.x order time
select s1 from DB.a.x order by time desc asc
select s1 from DB.a.x order by time nulls first
select s1 from DB.a.x limit 1
select s1 from DB.a.x limit 1 offset 1
select s1 from DB.a.x offset 1 limit 1
select s1 from DB.a.x limit 1, 1
select s1 from DB.a.x offset 1
select s1 from DB.a.x offset 0
select s1 from DB.a.x limit 0
select s1 from DB.a.x limit -1
select s1 from DB.a.x offset -1
select s1 from DB.a.x limit 1.5
select s1 from DB.a.x limit '1'
select s1 from DB.a.x limit all
select s1 from DB.a.x limit 9223372036854775807
select s1 from DB.a.x limit 9223372036854775808
select s1 from DB.a.x limit 2147483648
select s1 from DB.a.x limit 9223372036854775807 offset 9223372036854775807
select s1 from DB.a.x limit 1 limit 1
select s1 from DB.a.x limit 1 order by time
select s1 from DB.a.x order by time limit 1
select s1 from DB.a.x limit 1 where time > 1
select s1, s2, b, t from DB.a.x slimit 2
select s1, s2, b, t from DB.a.x slimit 2 soffset 1
select s1, s2, b, t from DB.a.x soffset 1
select s1, s2, b, t from DB.a.x slimit 0
select s1, s2, b, t from DB.a.x slimit -1
select s1, s2, b, t from DB.a.x slimit 1 soffset 10
select s1, s2, b, t from DB.a.x soffset 10
select s1, s2, b, t from DB.a.x slimit 2 limit 1
select s1, s2, b, t from DB.a.x limit 1 slimit 2
select s1, s2, b, t from DB.a.x limit 1 offset 1 slimit 2 soffset 1
select s1, s2, b, t from DB.a.x slimit 2147483648
select s1, s2, b, t from DB.a.x slimit 9223372036854775808
select s1, s2, b, t from DB.a.x slimit 1 align by device
select s1, s2 from DB.a.x, DB.a.y slimit 1 align by device
select s1, s2 from DB.a.x, DB.a.y slimit 1
select s1, s2 from DB.a.x, DB.a.y slimit 2 soffset 1
select count(s1), count(s2) from DB.a.x slimit 1
select last s1, s2 from DB.a.x slimit 1
select last s1, s2 from DB.a.x limit 1
select last s1, s2 from DB.a.x offset 1
select s1 from DB.a.x order by time desc limit 1 offset 1
select s1 from DB.a.x align by time
select s1 from DB.a.x align by nothing
select s1 from DB.a.x disable align
select s1 from DB.a.x without null any
-- align by device
select s1 from DB.a.* align by device
select s1, s2 from DB.a.*, DB.b.x align by device
select * from DB.a.x, DB.b.x align by device
select * from DB.** align by device
select ** from DB.a align by device
select x.s1 from DB.a align by device
select s1 from DB.a.*, DB.a.x align by device
select nothing from DB.a.x align by device
select s1, nothing from DB.a.x align by device
select s1, b from DB.a.* align by device
select s2 from DB.a.x, DB.b.x align by device
select s1 from DB.a.x, DB.a.y align by device
select s1 from DB.a.x, DB.b.x where s1 > 1 align by device
select s1 from DB.a.x, DB.b.x where time > 1 align by device
select s1 from DB.a.x, DB.b.x where s2 is not null align by device
select s1, b from DB.a.x, DB.a.y where b = true align by device
select s1 from DB.a.x, DB.b.x order by device align by device
select s1 from DB.a.x, DB.b.x order by device desc align by device
select s1 from DB.a.x, DB.b.x order by time align by device
select s1 from DB.a.x, DB.b.x order by time desc align by device
select s1 from DB.a.x, DB.b.x order by time, device align by device
select s1 from DB.a.x, DB.b.x order by time, device desc align by device
select s1 from DB.a.x, DB.b.x order by device, time align by device
select s1 from DB.a.x, DB.b.x order by device desc, time desc align by device
select s1 from DB.a.x, DB.b.x order by device asc, time desc align by device
select s1 from DB.a.x, DB.b.x order by timeseries align by device
select s1 from DB.a.x, DB.b.x order by device, device align by device
select s1 from DB.a.x, DB.b.x limit 2 align by device
select s1 from DB.a.x, DB.b.x limit 2 offset 2 align by device
select s1 from DB.a.x, DB.b.x order by time limit 3 offset 1 align by device
select s1 from DB.a.x, DB.b.x order by time desc limit 3 align by device
select s1, s1 from DB.a.x, DB.b.x align by device
select s1 as q from DB.a.x, DB.b.x align by device
select s1, s1 as q from DB.a.x, DB.b.x align by device
select s* as q from DB.a.x, DB.b.x align by device
select count(s1) from DB.a.x, DB.b.x align by device
select count(s1), sum(s1) from DB.a.x, DB.b.x align by device
select count(*) from DB.a.x, DB.b.x align by device
select max_value(s1), min_time(s1) from DB.a.x, DB.b.x order by device desc align by device
select count(s1) from DB.a.x, DB.b.x where time > 1 align by device
select count(s1) from DB.a.x, DB.b.x limit 1 align by device
select count(s1) from DB.a.x, DB.b.x order by time align by device
select count(s1) from DB.a.x, DB.b.x group by ([0, 12), 4ms) align by device
select count(s1) from DB.a.x, DB.b.x group by ([0, 12), 4ms) order by time align by device
select count(s1) from DB.a.x, DB.b.x group by ([0, 12), 4ms) order by time desc align by device
select count(s1) from DB.a.x, DB.b.x group by ([0, 12), 4ms) order by device desc align by device
select count(s1) from DB.a.x, DB.b.x group by ([0, 12), 4ms) limit 2 align by device
select count(s1) from DB.a.x, DB.b.x group by ([0, 12), 4ms) limit 2 offset 3 align by device
select device, s1 from DB.a.x align by device
select time, s1 from DB.a.x
select time from DB.a.x
select timestamp from DB.a.x
