-- Statements as people write them; DB is a database of its own. Both servers run all of them in this order.
create database DB
create database DB
create database DB.below
create database root
create database DB2.x.y
show databases DB
show databases DB2.**
count databases DB
create timeseries DB.a.s1 with datatype=INT32, encoding=RLE, compressor=SNAPPY
create timeseries DB.a.s1 with datatype=INT64
create timeseries DB.a.s2 INT64 encoding=TS_2DIFF compressor=LZ4
create timeseries DB.a.s3 with datatype=FLOAT, encoding=GORILLA
create timeseries DB.a.s4 with datatype=DOUBLE
create timeseries DB.a.s5 with datatype=TEXT, encoding=PLAIN
create timeseries DB.a.s6 with datatype=BOOLEAN
create timeseries DB.a.at with datatype=TIMESTAMP
create timeseries DB.a.day with datatype=DATE
create timeseries DB.a.raw with datatype=BLOB
create timeseries DB.a.str with datatype=STRING
create timeseries DB.a.bad with datatype=TEXT, encoding=GORILLA
create timeseries DB.a.bad with datatype=NOTHING
create timeseries DB.a.tagged(alias1) with datatype=INT32 tags('unit'='bar', 'line'='1') attributes('place'='hall')
create timeseries DB.a.tagged2(alias1) with datatype=INT32
create timeseries DB.a.s1.below with datatype=INT32
create aligned timeseries DB.al(x FLOAT, y TEXT encoding=PLAIN compressor=LZ4, z INT32)
create aligned timeseries DB.al(x FLOAT)
create timeseries DB.al.w with datatype=INT32
create timeseries DB.`quoted node`.`s.1` with datatype=INT32
create timeseries root.nowhere with datatype=INT32
show timeseries DB.**
show timeseries DB.a.*
show timeseries DB.a.s1
show timeseries DB.nothing.*
show timeseries DB.** limit 3
show timeseries DB.** where timeseries contains 's1'
show timeseries DB.a.** where datatype=INT32
show timeseries DB.** where tags(unit)='bar'
show latest timeseries DB.nothing
count timeseries DB.**
count timeseries DB.a.s*
count timeseries DB.** group by level=2
count timeseries DB.nothing.**
count nodes DB.** level=2
count devices DB.**
show devices DB.**
show devices DB.a
show devices DB.** with database
show devices DB.** limit 1
show child paths DB
show child paths DB.a
show child paths DB.nothing
show child nodes DB
show child nodes DB.a
insert into DB.a(time, s1, s2, s3, s4, s5, s6) values (10, 1, 10, 1.5, 2.25, 'one', true)
insert into DB.a(time, s1, s2) values (20, 2, 20), (30, 3, null), (5, -1, 5)
insert into DB.a(timestamp, s3, s4) values (20, 0.25, 0.5), (40, -8.5, null)
insert into DB.a(s1, time) values (4, 40)
insert into DB.a(time, s5, s6) values (20, '', false), (30, '文 words', null)
insert into DB.a(time, at, day, raw, str) values (10, 1700000000000, '2024-02-29', X'00ff', 'string')
insert into DB.a(time, at, day, raw, str) values (20, 2024-01-02T03:04:05.678+00:00, '1999-12-31', X'', '')
create timeseries DB.odd.day with datatype=DATE
insert into DB.odd(time, day) values (50, '2024-02-30')
select day from DB.odd
insert into DB.a(time, s1) values (60, 1.5)
insert into DB.a(time, s1) values (60, 'words')
insert into DB.a(time, s1) values (60, true)
insert into DB.a(time, s1) values (60, 99999999999)
insert into DB.a(time, s1) values (60, '7')
insert into DB.a(time, s6) values (60, 1)
insert into DB.a(time, s1, s1) values (70, 1, 2)
insert into DB.a(time, s1) values (70, 1, 2)
insert into DB.a(time, s1, s2) values (70, 1)
insert into DB.a(time) values (70)
insert into DB.odd(s1) values (70)
delete from DB.odd.*
insert into DB.odd(time, s1) values ('2024-01-01', 5)
delete from DB.odd.*
insert into DB.a(time, s1) values (2024-01-01T00:00:00, 6)
insert into DB.a(time, s1) values (2024-13-01T00:00:00, 6)
insert into DB.al(time, x, y, z) aligned values (1, 1.5, 'a', 1), (2, null, 'b', 2), (3, 3.5, null, null)
insert into DB.al(time, x) values (4, 4.5)
insert into DB.a(time, s1) aligned values (80, 8)
insert into DB.new(time, i, f, t, b) values (1, 5, 1.5, 'text', true)
show timeseries DB.new.*
insert into DB.new(time, i) values (2, 2.5)
insert into DB.neg(time, v) values (-5, 1), (0, 2), (5, 3)
insert into DB.`quoted node`(time, `s.1`) values (1, 11)
insert into root.auto.made.d(time, v) values (1, 1)
show databases root.auto.**
show databases root.auto
delete database root.auto
insert into DB.a(time, s1) values
insert into DB.a values (1, 2)
insert DB.a(time, s1) values (1, 2)
select * from DB.a
select ** from DB
select s1 from DB.a
select s1, s2, s3, s4, s5, s6 from DB.a
select at, day, raw, str from DB.a
select s1 from DB.*
select s* from DB.a
select s1, s1 from DB.a
select s1 as one from DB.a
select s1 as `Größe` from DB.a
select a.s1, al.x from DB
select a.s1 from DB.**
select nothing from DB.a
select s1, nothing from DB.a
select s1 from DB.nothing
select `s.1` from DB.`quoted node`
select x, y, z from DB.al
select * from DB.al where y is null
select x from DB.al where z > 1
select v from DB.neg
select v from DB.neg where time < 0
select s1 from DB.a where time = 20
select s1 from DB.a where time > 10 and time <= 30
select s1 from DB.a where time < 10 or time > 30
select s1 from DB.a where not time = 20
select s1 from DB.a where time between 10 and 30
select s1 from DB.a where time in (10, 30)
select s1 from DB.a where time >= 1970-01-01T00:00:00.020+00:00
select s1 from DB.a where time > 2024-01-01
select s1 from DB.a where time > now()
select s1 from DB.a where time > now() - 1d
select s1, s2 from DB.a where s1 > 1
select s1 from DB.a where s2 >= 10
select s1 from DB.a where s1 = 2 or s2 = 10
select s1 from DB.a where s1 != 2
select s1 from DB.a where s1 <> 2
select s1 from DB.a where not (s1 > 1 and s2 > 5)
select s1 from DB.a where s3 > 0.25
select s1 from DB.a where s6 = true
select s1 from DB.a where s6
select s1 from DB.a where s5 = 'one'
select s1 from DB.a where s5 = "one"
select s1 from DB.a where s5 > 'a'
select s1 from DB.a where s5 like '%o%'
select s1 from DB.a where s5 regexp '^o.*'
select s1 from DB.a where s1 in (1, 3)
select s1 from DB.a where s1 not in (1, 3)
select s1 from DB.a where s1 between 1 and 2
select s1 from DB.a where s2 is null
select s1 from DB.a where s2 is not null
select s1 from DB.a where s1 = 'words'
select s1 from DB.a where s5 > 5
select s1 from DB.a where nothing > 1
select s1 from DB.a where s1 > 1 and time < 35
select s1 from DB.a order by time desc
select s1 from DB.a order by time asc
select s1 from DB.a order by time desc limit 2
select s1 from DB.a limit 2
select s1 from DB.a limit 2 offset 1
select s1 from DB.a offset 2
select s1 from DB.a limit 0
select s1 from DB.a limit 100 offset 100
select * from DB.a slimit 1
select s1 from DB.a limit -1
select count(s1) from DB.a
select count(*) from DB.a
select count(s1), count(s2) from DB.a where time > 10
select count(s1) from DB.**
select count(nothing) from DB.a
select count(s1) as n from DB.a
select COUNT(s1) from DB.a
select sum(s1), avg(s1), min_value(s1), max_value(s1), first_value(s1), last_value(s1), min_time(s1), max_time(s1) from DB.a
select sum(s3), avg(s3), min_value(s3), max_value(s3) from DB.a
select sum(s4), avg(s2), first_value(s5), last_value(s6) from DB.a
select sum(s5) from DB.a
select avg(s6) from DB.a
select max_value(s5) from DB.a
select min_value(s6) from DB.a
select count(s5), count(s6), max_time(s5), min_time(s6) from DB.a
select sum(s1) from DB.a where time > 100
select count(s1), avg(s1) from DB.a where time > 1000000000000000
select count(s1), s1 from DB.a
select count(s1 from DB.a
select nofunction(s1) from DB.a
select count(s1, s2) from DB.a
select sum(s1) from DB.a where s2 > 5
select count(v) from DB.neg group by ([-10, 10), 5ms)
select count(s1) from DB.a group by ([0, 50), 10ms)
select count(s1), sum(s2) from DB.a group by ([0, 50), 20ms)
select count(s1) from DB.a group by ([0, 50), 20ms, 10ms)
select count(s1) from DB.a group by ([0, 50), 10ms, 20ms)
select count(s1) from DB.a group by ((0, 50], 10ms)
select avg(s1), max_value(s3) from DB.a group by ([0, 100), 30ms)
select count(s1) from DB.a where time > 15 group by ([0, 50), 10ms)
select count(s1) from DB.a where s1 > 1 group by ([0, 50), 10ms)
select count(s1) from DB.a group by ([0, 50), 10ms) limit 2
select count(s1) from DB.a group by ([0, 50), 10ms) order by time desc
select count(s1) from DB.a group by ([50, 0), 10ms)
select count(s1) from DB.a group by ([0, 50), 0ms)
select s1 from DB.a group by ([0, 50), 10ms)
select count(s1) from DB.a group by ([0, 50), 1s)
select count(s1) from DB.a group by ([2024-01-01T00:00:00.000+00:00, 2024-04-01T00:00:00.000+00:00), 1mo)
select last s1 from DB.a
select last * from DB.a
select last s1, s5 from DB.a
select last s1 from DB.a where time > 35
select last s1 from DB.a where time > 1700000000000000
select last ** from DB
select last nothing from DB.a
select last s1 from DB.a order by timeseries desc
select last s1 from DB.a where s1 > 1
select s1 from DB.a align by device
select s1, s2 from DB.a align by device
select * from DB.a, DB.neg align by device
select v from DB.** align by device
select count(s1) from DB.a align by device
select count(*) from DB.a, DB.neg align by device
select count(s1) from DB.a group by ([0, 50), 20ms) align by device
select s1 from DB.a, DB.neg where s1 > 1 align by device
select s1 from DB.a limit 2 align by device
select v, s1 from DB.a, DB.neg order by time desc align by device
select v, s1 from DB.a, DB.neg order by device desc align by device
select count(s1) from DB.a group by level=1
select s1 + 1 from DB.a
select s1 from DB.a where s1 + 1 > 2
insert into DB.tern(time, x, y) values (1, 1, null), (2, null, 2), (3, 3, 3), (4, null, null)
select x, y from DB.tern where x > 0 or y > 0
select x, y from DB.tern where x > 0 or time > 1
select x, y from DB.tern where time > 1 and x > 0
select x, y from DB.tern where not (x > 2)
select x, y from DB.tern where not (time > 2)
select count(x) from DB.tern where x > 0 or y > 0
create aligned timeseries DB.over(f FLOAT, i INT32)
insert into DB.over(time, f) aligned values (137, null), (163, -23.25), (172, null)
insert into DB.over(time, i, f) aligned values (141, -11, -36.75), (161, -32, 21.75)
select last f, i from DB.over
select last f, i from DB.over where time > 101
select sin(s1) from DB.a
select s1 into DB.copy(s1) from DB.a
select s1 from DB.a fill(previous)
select s1 from DB.a;
SELECT S1 FROM DB.a
select s1 FROM DB.a WHERE TIME > 10
select
select s1
select s1 from
select from DB.a
select s1 from a
select s1 from DB.a where
select s1 from DB.a where time
select s1 from DB.a limit
selec s1 from DB.a
nonsense
delete from DB.a.s1 where time <= 5
select s1 from DB.a
delete from DB.a.s1 where time >= 20 and time < 31
select s1, s2 from DB.a
delete from DB.a.* where time = 10
select * from DB.a
delete from DB.a.s1, DB.a.s2 where time > 39 and time < 41
delete from DB.a.nothing where time > 1
delete from DB.al.x where time = 1
select x, y from DB.al
delete from DB.a.s1 where s1 > 1
delete from DB.neg.v
select v from DB.neg
set ttl to DB 3600000
show ttl on DB
show ttl on DB.**
unset ttl from DB
show ttl on DB.**
unset ttl to DB
show ttl on DB.**
set ttl to DB -1
alter timeseries DB.a.tagged add tags t3=v3
alter timeseries DB.a.tagged set 'unit'='psi'
alter timeseries DB.a.tagged rename 'line' to 'row'
alter timeseries DB.a.tagged drop 'row'
alter timeseries DB.a.tagged upsert alias=alias9 tags(t5=v5) attributes(a5=w5)
show timeseries DB.a.tagged
alter timeseries DB.a.nothing add tags t3=v3
delete timeseries DB.a.s2
delete timeseries DB.a.s2
select * from DB.a
delete timeseries DB.new.*
show devices DB.new
drop timeseries DB.a.s3
create user joe 'secret1'
create user joe 'secret1'
list user
alter user joe set password 'secret2'
create role operator
list role
grant read_data on DB.** to user joe
grant role operator to joe
list privileges of user joe
list user of role operator
revoke read_data on DB.** from user joe
revoke role operator from joe
grant nothing on DB.** to user joe
drop role operator
drop user joe
drop user joe
create device template t1 (temperature FLOAT encoding=RLE, status BOOLEAN)
create device template t1 (temperature FLOAT)
show device templates
show nodes in device template t1
set device template t1 to DB.tpl
show paths set device template t1
create timeseries using device template on DB.tpl.d1
show paths using device template t1
insert into DB.tpl.d1(time, temperature, status) values (1, 1.5, true)
select temperature, status from DB.tpl.d1
delete timeseries of device template t1 from DB.tpl.d1
unset device template t1 from DB.tpl
drop device template t1
show version
show queries
flush
flush DB
clear cache
set system to readonly
set system to running
delete database DB2.x.y
delete database DB.nothing
delete storage group DB
show databases DB
