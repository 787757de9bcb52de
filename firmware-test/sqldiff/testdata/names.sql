-- Names, quotes, letter case, comments, DELETE.
create database DB
-- names
create timeseries DB.a.`a.b` with datatype=INT32
create timeseries DB.a.`a``b` with datatype=INT32
create timeseries DB.a.`1` with datatype=INT32
create timeseries DB.a.1a with datatype=INT32
create timeseries DB.a.12 with datatype=INT32
create timeseries DB.a.1.5 with datatype=INT32
create timeseries DB.a.1e5 with datatype=INT32
create timeseries DB.a.0x5 with datatype=INT32
create timeseries DB.a._x with datatype=INT32
create timeseries DB.a.x_ with datatype=INT32
create timeseries DB.a.a-b with datatype=INT32
create timeseries DB.a.a:b with datatype=INT32
create timeseries DB.a.a@b with datatype=INT32
create timeseries DB.a.a#b with datatype=INT32
create timeseries DB.a.$a with datatype=INT32
create timeseries DB.a.{a} with datatype=INT32
create timeseries DB.a.${a} with datatype=INT32
create timeseries DB.a.#a with datatype=INT32
create timeseries DB.a.a%b with datatype=INT32
create timeseries DB.a.a!b with datatype=INT32
create timeseries DB.a.a/b with datatype=INT32
create timeseries DB.a.a\b with datatype=INT32
create timeseries DB.a.`a/b` with datatype=INT32
create timeseries DB.a.`a\b` with datatype=INT32
create timeseries DB.a.`a b` with datatype=INT32
create timeseries DB.a.`*` with datatype=INT32
create timeseries DB.a.`**` with datatype=INT32
create timeseries DB.a.`a*` with datatype=INT32
create timeseries DB.a.`'` with datatype=INT32
create timeseries DB.a.`"` with datatype=INT32
create timeseries DB.a.'x' with datatype=INT32
create timeseries DB.a."x" with datatype=INT32
create timeseries DB.a.文 with datatype=INT32
create timeseries DB.a.文件1 with datatype=INT32
create timeseries DB.a.größe with datatype=INT32
create timeseries DB.a.`größe` with datatype=INT32
create timeseries DB.a.é with datatype=INT32
create timeseries DB.a.кириллица with datatype=INT32
create timeseries DB.a.`кириллица` with datatype=INT32
create timeseries DB.a.😀 with datatype=INT32
create timeseries DB.a.`😀` with datatype=INT32
create timeseries DB.a.カナ with datatype=INT32
create timeseries DB.a.한글 with datatype=INT32
create timeseries DB.a.ﬀ with datatype=INT32
create timeseries DB.a.𠀀 with datatype=INT32
create timeseries DB.a.`𠀀` with datatype=INT32
create timeseries DB.a.‿ with datatype=INT32
create timeseries DB.a.ー with datatype=INT32
create timeseries DB.a.ｆｕｌｌ with datatype=INT32
create timeseries DB.a.select with datatype=INT32
create timeseries DB.a.from with datatype=INT32
create timeseries DB.a.where with datatype=INT32
create timeseries DB.a.and with datatype=INT32
create timeseries DB.a.or with datatype=INT32
create timeseries DB.a.not with datatype=INT32
create timeseries DB.a.null with datatype=INT32
create timeseries DB.a.true with datatype=INT32
create timeseries DB.a.now with datatype=INT32
create timeseries DB.a.nan with datatype=INT32
create timeseries DB.a.count with datatype=INT32
create timeseries DB.a.last with datatype=INT32
create timeseries DB.a.align with datatype=INT32
create timeseries DB.a.device with datatype=INT32
create timeseries DB.a.timestamp with datatype=INT32
create timeseries DB.a.Time with datatype=INT32
create timeseries DB.a.`time` with datatype=INT32
create timeseries DB.a.`timestamp` with datatype=INT32
create timeseries DB.a.root with datatype=INT32
create timeseries DB.a.limit with datatype=INT32
create timeseries DB.a.as with datatype=INT32
create timeseries DB.a.like with datatype=INT32
create timeseries DB.a.in with datatype=INT32
create timeseries DB.a.is with datatype=INT32
create timeseries DB.a.between with datatype=INT32
create timeseries DB.a.group with datatype=INT32
create timeseries DB.a.order with datatype=INT32
create timeseries DB.a.by with datatype=INT32
create timeseries DB.a.desc with datatype=INT32
create timeseries DB.a.contains with datatype=INT32
create timeseries DB.a.case with datatype=INT32
create timeseries DB.a.values with datatype=INT32
create timeseries DB.a.S1 with datatype=INT32
create timeseries DB.a.s1 with datatype=INT64
create timeseries DB.A.s1 with datatype=INT32
show timeseries DB.**
count timeseries DB.**
select `a.b`, `a``b`, `1`, 1a, _x, a:b, `a b`, 文 from DB.a
select 12 from DB.a
select `12` from DB.a
insert into DB.a(time, `a.b`, `a``b`, `1`, 1a, 文, select, null, count, S1, s1) values (1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
select * from DB.a
select `*` from DB.a
select select from DB.a
select null from DB.a
select count from DB.a
select count(count) from DB.a
select true from DB.a
select last from DB.a
select last last from DB.a
select as from DB.a
select as as as from DB.a
select device from DB.a
select limit from DB.a limit 1
select where from DB.a where where > 1
select and from DB.a where and = 1 and or = 1
select not from DB.a where not > 0
select S1 from DB.a
select s1 from DB.a where S1 > 8
select count(`a.b`) from DB.a
select count(文) from DB.a
select `a.b` as `x.y` from DB.a
select last `a.b`, 文 from DB.a
select `a.b` from DB.a align by device
select `select` from DB.a
select root from DB.a
select a.`a.b` from DB
select s1 from DB.`a`
select s1 from `root`.z.a
select `s1` from DB.a
select 's1' from DB.a
select "s1" from DB.a
create database DB2.`db.1`
show databases DB2.**
delete database DB2.**
create database DB2.1
create database DB2.文
create database DB2.a-b
create database DB2.`a-b`
create database DB2.`a b`
create database DB2.*
create database DB2.**
create database DB2.select
create database root.
create database root..a
create database .a
create database a
create database `root.a`
create database root.a.
show databases DB2.**
delete database DB2.**
insert into DB.`dev 1`(time, s) values (1, 1)
insert into DB.`dev.2`.x(time, s) values (1, 1)
insert into DB.文.档(time, 值) values (1, 1)
select ** from DB.`dev 1`
select s from DB.`dev 1`, DB.`dev.2`.x
select s from DB.`dev.2`.x align by device
select 值 from DB.文.档
show devices DB.**
show child paths DB
show child nodes DB
show child paths DB.`dev.2`
count devices DB.*
-- case, space, comments, end
SELECT s1 FROM DB.a WHERE s1 > 0 AND TIME > 0 ORDER BY TIME DESC LIMIT 1
Select s1 From DB.a Order By Time Desc
select	s1\nfrom\nDB.a
select s1 from DB.a -- comment
select s1 /* comment */ from DB.a
select s1 /* comment * / from DB.a
select s1 from DB.a // comment
select s1 from DB.a # comment
/* a */ select s1 from DB.a
select/**/s1/**/from/**/DB.a
select s1 from DB.a;;
select s1 from DB.a ; select s1 from DB.a
; select s1 from DB.a
;
select s1 from DB . a
select s1 from DB.a.
select s1 from DB..a
select s1 from .DB.a
select s1 from DB.a,
select ,s1 from DB.a
select s1,, s1 from DB.a
select s1, from DB.a
select s1 from DB.a where s1>0and time>0
select s1 from DB.a where(s1>0)
select s1 from DB.a where s1>=0
select s1 from DB.a where s1=>0
select s1 from DB.a where s1 = = 0
select s1 from DB.a where s1 ! = 0
select s1 from DB.a limit 1offset 0
select s1 from DB.a limit1
select s1from DB.a
selects1 from DB.a
(select s1 from DB.a)
select (s1) from DB.a
select ((s1)) from DB.a
select distinct s1 from DB.a
select s1 from DB.a where s1 > 0)
select s1 from DB.a where (s1 > 0
select s1 from DB.a where s1 > 'unclosed
select s1 from DB.a where s1 > "unclosed
select `s1 from DB.a
select s1 from DB.a /* unclosed
select s1 from DB.a where t = 'a\n b'
-- delete
create timeseries DB.d.x with datatype=INT32
create timeseries DB.d.y with datatype=INT32
create timeseries DB.d.e.x with datatype=INT32
insert into DB.d(time, x, y) values (-5, -5, -5), (1, 1, 1), (2, 2, 2), (3, 3, 3), (4, 4, 4), (5, 5, 5), (6, 6, 6), (7, 7, 7), (8, 8, 8), (9, 9, 9), (10, 10, 10), (1700000000000, 11, 11)
insert into DB.d.e(time, x) values (1, 1), (2, 2), (3, 3), (20, 20)
delete from DB.d.x where time = 1
delete from DB.d.x where 1 = time
delete from DB.d.x where time == 2
delete from DB.d.x where time != 2
delete from DB.d.x where time < 2 or time > 9
delete from DB.d.x where time > 2 and time < 4
delete from DB.d.x where time >= 5 and time <= 5
delete from DB.d.x where time in (6, 7)
delete from DB.d.x where not time > 100
delete from DB.d.x where time > 2024-01-01
delete from DB.d.x where time > 2023-01-01T00:00:00+00:00
delete from DB.d.x where time > now()
delete from DB.d.x where time < now() - 100y
delete from DB.d.x where x > 2
delete from DB.d.x where time > 2 and x > 2
delete from DB.d.x where
delete from DB.d.x where time
delete from DB.d.x where true
delete from DB.d.x where (time > 8)
delete from DB.d.x where (time > 1) and (time < 3)
delete from DB.d.x where timestamp = 3
delete from DB.d.x where time >= 1.5
delete from DB.d.x where time < 0
select x from DB.d
delete from DB.d.x, DB.d.y where time = 4
delete from DB.d.* where time = 5
delete from DB.d.** where time = 3
select x, y from DB.d
select x from DB.d.e
delete from DB.d where time = 6
delete from DB.d
select x, y from DB.d
delete from DB.**.x where time = 20
delete from root.nothing.x
delete from DB.d.y
delete from DB.d.`y`
delete from DB.d.y from DB.d.x
delete x from DB.d
delete DB.d.x
delete from d.x
delete from root.x*.y
delete from DB.*.x where time = 10
select x, y from DB.d
select last x, y from DB.d
select count(x), count(y) from DB.d
delete timeseries DB.d.nothing
delete timeseries DB.d.x, DB.d.nothing
delete timeseries DB.d
delete timeseries DB.d.**
delete timeseries root.nothing.**
delete timeseries
delete timeseries DB.a.s*
drop timeseries DB.a.`a.b`, DB.a.`1`
drop database DB2
delete database DB2, DB2.x
delete databases DB2
drop storage group DB2
show timeseries DB.**
-- Only one of the two takes these.
create timeseries DB.a.`` with datatype=INT32
create timeseries DB.a.`root` with datatype=INT32
delete from DB.d.x where time > 9 and time < 8
delete from DB.d.x where time between 6 and 7
delete from root
delete database DB2.**
