-- Users, roles, privileges; templates.
create database DB
create timeseries DB.a.x.s1 with datatype=INT32
create timeseries DB.a.x.s2 with datatype=INT64
create timeseries DB.a.y.s1 with datatype=FLOAT
create aligned timeseries DB.b.x(s1 INT32, s2 TEXT)
insert into DB.a.x(time, s1, s2) values (1, 1, 1), (2, 2, 2)
insert into DB.a.y(time, s1) values (5, 1)
insert into DB.b.x(time, s1, s2) aligned values (9, 1, 'x')
create user lena 'pass1234'
create user otto 'pass1234'
create user `le na` 'pass1234'
create user lena2 'short'
create user lena3 "pass1234"
create user lena4 'pass 1234'
create user lena5 ''
create user LENA 'pass1234'
drop user LENA
drop user lena3
create role crew
create role CREW
drop role CREW
create role `cr ew`
drop role `cr ew`
list user of role crew
list role of user lena
list privileges of user lena
list privileges of role crew
@lena/pass1234 list role of user lena
@lena/pass1234 list role of user root
@lena/pass1234 list user of role crew
@lena/pass1234 list privileges of user lena
@lena/pass1234 list privileges of role crew
@lena/pass1234 show devices
@lena/pass1234 show timeseries
@lena/pass1234 show child paths DB
@lena/pass1234 show child nodes DB.a
@lena/pass1234 count timeseries
@lena/pass1234 count devices
@lena/pass1234 count nodes DB.** level=2
@lena/pass1234 select * from DB.a.x
@lena/pass1234 select ** from root
@lena/pass1234 select count(*) from DB.a.x
@lena/pass1234 select last * from DB.a.x
@lena/pass1234 select s1 from DB.a.x where s2 > 0
@lena/pass1234 select s1 from DB.a.x align by device
@lena/pass1234 show all ttl
@lena/pass1234 show ttl on DB
@lena/pass1234 show variables
@lena/pass1234 show cluster
@lena/pass1234 show version
@lena/pass1234 show queries
@lena/pass1234 show functions
@lena/pass1234 show pipes
@lena/pass1234 show pipeplugins
@lena/pass1234 show device templates
@lena/pass1234 kill query '20200101_000000_00001_1'
@lena/pass1234 kill all queries
@lena/pass1234 flush
@lena/pass1234 flush DB
@lena/pass1234 create pipe p with sink ('sink'='do-nothing-sink')
@lena/pass1234 drop pipe p
@lena/pass1234 stop pipe p
@lena/pass1234 create database root.lena
@lena/pass1234 create timeseries DB.l.s with datatype=INT32
@lena/pass1234 create aligned timeseries DB.l2(s INT32)
@lena/pass1234 insert into DB.a.x(time, s1) values (3, 3)
@lena/pass1234 delete from DB.a.x.s1
@lena/pass1234 delete timeseries DB.a.x.s1
@lena/pass1234 drop database DB
@lena/pass1234 set ttl to DB 1000000000000
@lena/pass1234 alter timeseries DB.a.x.s1 add tags a=b
@lena/pass1234 create role lenas
@lena/pass1234 drop role crew
@lena/pass1234 grant role crew to lena
@lena/pass1234 revoke role crew from lena
@lena/pass1234 grant READ on DB.** to user otto
@lena/pass1234 revoke READ on DB.** from user otto
@lena/pass1234 alter user otto set password 'pass5678'
@lena/pass1234 alter user lena set password 'pass1234'
grant READ_DATA on DB.a.x.** to user lena
@lena/pass1234 select * from DB.a.x
@lena/pass1234 select ** from DB
@lena/pass1234 select ** from root
@lena/pass1234 select count(**) from DB
@lena/pass1234 select last ** from DB
@lena/pass1234 select s1 from DB.a.y
@lena/pass1234 select x.s1, y.s1 from DB.a
@lena/pass1234 select x.s1 from DB.a where y.s1 > 0
@lena/pass1234 select s1 from DB.a.x, DB.a.y align by device
@lena/pass1234 select s1 from DB.** align by device
@lena/pass1234 show devices
@lena/pass1234 show timeseries
@lena/pass1234 count timeseries
@lena/pass1234 show child paths DB
@lena/pass1234 insert into DB.a.x(time, s1) values (3, 3)
grant READ_SCHEMA on DB.a.** to user lena
@lena/pass1234 show devices
@lena/pass1234 show timeseries DB.**
@lena/pass1234 count timeseries
@lena/pass1234 count devices
@lena/pass1234 show child paths DB
@lena/pass1234 show child nodes DB
@lena/pass1234 show child paths DB.a
@lena/pass1234 select ** from DB
grant WRITE_DATA on DB.a.x.s1 to user lena
@lena/pass1234 insert into DB.a.x(time, s1) values (3, 3)
@lena/pass1234 insert into DB.a.x(time, s2) values (3, 3)
@lena/pass1234 insert into DB.a.x(time, s1, s2) values (3, 3, 3)
@lena/pass1234 delete from DB.a.x.s1 where time = 3
@lena/pass1234 delete from DB.a.x.s2 where time = 3
@lena/pass1234 delete from DB.a.x.* where time = 3
@lena/pass1234 select s1, s2 from DB.a.x
grant WRITE_SCHEMA on DB.n.** to user lena
@lena/pass1234 create timeseries DB.n.d.s with datatype=INT32
@lena/pass1234 create timeseries DB.m.d.s with datatype=INT32
@lena/pass1234 create aligned timeseries DB.n.al(s INT32)
@lena/pass1234 insert into DB.n.d(time, s) values (1, 1)
@lena/pass1234 show timeseries DB.n.**
@lena/pass1234 alter timeseries DB.n.d.s add tags a=b
@lena/pass1234 set ttl to DB.n.d 1000000000000
@lena/pass1234 unset ttl to DB.n.d
@lena/pass1234 set ttl to DB.n.** 1000000000000
@lena/pass1234 unset ttl to DB.n.**
@lena/pass1234 delete timeseries DB.n.d.s
@lena/pass1234 delete timeseries DB.n.**
grant role crew to lena
grant WRITE on DB.c.** to role crew
@lena/pass1234 create timeseries DB.c.d.s with datatype=INT32
@lena/pass1234 insert into DB.c.d(time, s) values (1, 1)
@lena/pass1234 insert into DB.c.d(time, fresh) values (1, 1)
@lena/pass1234 select * from DB.c.d
@lena/pass1234 show timeseries DB.c.**
@lena/pass1234 list privileges of user lena
@lena/pass1234 list privileges of role crew
@lena/pass1234 list role of user lena
revoke role crew from lena
@lena/pass1234 select * from DB.c.d
grant READ_DATA, WRITE_DATA on DB.g.** to user lena with grant option
@lena/pass1234 grant READ_DATA on DB.g.** to user otto
@lena/pass1234 grant READ_DATA on DB.g.d.** to user otto
@lena/pass1234 grant READ_DATA on DB.g.d to user otto
@lena/pass1234 grant READ_DATA on DB.** to user otto
@lena/pass1234 grant READ_SCHEMA on DB.g.** to user otto
@lena/pass1234 grant READ_DATA, READ_SCHEMA on DB.g.** to user otto
@lena/pass1234 grant READ_DATA on DB.g.** to user otto with grant option
@lena/pass1234 grant READ_DATA on DB.g.** to role crew
@lena/pass1234 grant READ_DATA on DB.g.** to user nobody
@lena/pass1234 revoke READ_DATA on DB.g.d.** from user otto
@lena/pass1234 revoke READ_DATA on DB.g.** from user lena
list privileges of user otto
list privileges of user lena
list privileges of role crew
@otto/pass1234 grant READ_DATA on DB.g.x.** to user lena
grant MANAGE_USER on root.** to user lena
grant MANAGE_ROLE on root.** to user lena with grant option
@lena/pass1234 create user hans 'pass1234'
@lena/pass1234 alter user hans set password 'pass5678'
@lena/pass1234 list privileges of user hans
@lena/pass1234 drop user hans
@lena/pass1234 drop user root
@lena/pass1234 create role team
@lena/pass1234 grant role team to otto
@lena/pass1234 list user of role team
@lena/pass1234 grant MANAGE_ROLE on root.** to role team
@lena/pass1234 grant MANAGE_USER on root.** to role team
@lena/pass1234 revoke role team from otto
@lena/pass1234 drop role team
grant MANAGE_DATABASE on root.** to user lena
@lena/pass1234 create database root.lenas
@lena/pass1234 show databases root.lenas
@lena/pass1234 delete database root.lenas
grant MAINTAIN on root.** to user lena
@lena/pass1234 flush DB
@lena/pass1234 show queries
@lena/pass1234 kill query '20200101_000000_00001_1'
@lena/pass1234 show cluster
grant USE_PIPE on root.** to user lena
@lena/pass1234 create pipe lp with sink ('sink'='do-nothing-sink')
@lena/pass1234 drop pipe lp
grant EXTEND_TEMPLATE on root.** to user lena
grant USE_TRIGGER, USE_UDF, USE_CQ, USE_MODEL on root.** to user lena
list privileges of user lena
revoke USE_TRIGGER, USE_UDF, USE_CQ, USE_MODEL on root.** from user lena
revoke ALL on root.** from user lena
list privileges of user lena
grant ALL on root.** to user otto
list privileges of user otto
@otto/pass1234 select ** from DB
@otto/pass1234 show timeseries DB.**
revoke ALL on root.** from user otto
list privileges of user otto
grant READ_DATA on DB to user otto
grant READ_DATA on root to user otto
grant READ_DATA on a.b to user otto
grant READ_DATA on DB.a*.** to user otto
grant READ_DATA on DB.**.x to user otto
grant READ_DATA on DB.a, DB.b.** to user otto
grant READ_DATA on root.nothing.** to user otto
grant read_data on DB.`a b`.** to user otto
grant READ_DATA, READ_DATA on DB.a.** to user otto
grant MANAGE_USER, MANAGE_DATABASE on root.** to user otto
grant MANAGE_USER on DB.a to user otto
grant MANAGE_USER to user otto
grant READ_DATA on DB.a.** to otto
grant READ_DATA on DB.a.** to user
grant READ_DATA to user otto on DB.a.**
grant on DB.a.** to user otto
grant READ_DATA on DB.a.** to user otto with grant
list privileges of user otto
list privileges of user otto on DB.a
list privileges
list privileges of otto
list user of user otto
revoke READ_DATA on DB.a.** from otto
revoke WRITE_DATA on DB.a.** from user otto
revoke READ_DATA on DB.** from user otto
revoke READ_DATA on DB.a.x.** from user otto
revoke READ on DB.a.** from user otto
list privileges of user otto
alter user otto set password 'new pass'
alter user otto set password ''
alter user otto set password pass1234
alter user otto set password 'pass9999'
alter user otto set nothing 'pass1234'
alter user nobody set password 'pass1234'
drop user otto, lena
drop user otto
drop user lena
drop user lena2
drop role crew
drop user nobody
drop role nobody
drop user
-- templates
create device template Q1 (a INT32, b FLOAT encoding=RLE compressor=SNAPPY)
create schema template Q2 (a INT32)
create device template Q3 aligned (a INT32, b TEXT)
create device template Q5 (a INT32 encoding=GORILLA_V9)
create device template Q6 (a INT32, a FLOAT)
create device template `Q 7` (`a b` INT32)
create device template Q8 (a.b INT32)
create device template Q9 (time INT32)
create device template Q4
create device template Q1 (x INT32)
create device template Q10 using (x INT32)
show nodes in device template Q1
show nodes in device template Q3
show nodes in device template `Q 7`
alter device template Q1 add (c TEXT)
alter device template Q1 add (c TEXT)
alter device template Q1 add (d NOTHING)
alter device template Q1 drop (c)
alter device template Q1 add ()
set device template Q1 to DB.t1
set device template Q1 to DB.t1
set device template Q1 to DB.t1.below
set device template Q2 to DB.t1
set device template Q3 to DB.t3
set device template Q1 to DB.a
set device template Q1 to root
set device template Q1 to DB.*
set device template Q1 to DB.a.x.s1
set device template Q1 from DB.t1
show paths set device template Q1
show paths set device template *
show paths using device template Q1
show paths using device template Q1 on DB.t1
create timeseries using device template on DB.t1
create timeseries using device template on DB.t1.d1
create timeseries using device template on DB.t1.d1.e
create timeseries of device template on DB.t1.d2
create timeseries using device template on DB.t1.*
create timeseries using device template on DB.nothing
create timeseries using device template on DB.t3.d
activate device template on DB.t1.d5
show paths using device template Q1
show devices DB.t1.**
show devices DB.t3.**
show timeseries DB.t1.**
show timeseries DB.t3.**
count timeseries DB.t1.**
count timeseries DB.t1.** group by level=3
count devices DB.t1.**
show child paths DB.t1
show child nodes DB.t1.d1
insert into DB.t1.d1(time, a, b) values (1, 1, 1.5)
insert into DB.t1.d1(time, a) values (2, 'x')
insert into DB.t3.d(time, a, b) aligned values (1, 1, 'x')
insert into DB.t3.d(time, a, b) values (2, 2, 'y')
insert into DB.t1.fresh(time, a) values (3, 3)
select * from DB.t1.**
select ** from DB.t3
select a from DB.t1.** align by device
select last ** from DB.t1
select count(*) from DB.t1.d1
delete from DB.t1.d1.a where time = 1
select a, b from DB.t1.d1
create timeseries DB.t1.d1.own with datatype=INT32
create timeseries DB.t1.d1.a with datatype=INT32
alter timeseries DB.t1.d1.a add tags x=y
delete timeseries DB.t1.d1.b
delete timeseries DB.t1.**
drop device template Q1
unset device template Q1 from DB.t1
deactivate device template Q1 from DB.t1.d1
deactivate device template Q1 from DB.t1.d1
deactivate device template Q3 from DB.t1.*
delete timeseries of device template from DB.t1.**
deactivate device template Q1 from DB.t1.**
show paths using device template Q1
unset device template Q1 from DB.t1
unset device template Q1 from DB.t1
deactivate device template Q3 from DB.t3.**
unset device template Q3 from DB.t3
drop device template Q1
drop device template Q2
drop device template Q3
drop device template Q4
drop device template `Q 7`
drop device template Q1
create user vera 'pass1234'
grant READ_DATA on DB.a.** to user vera
revoke READ_DATA, WRITE_DATA on DB.a.** from user vera
list privileges of user vera
grant READ_DATA on DB.a.** to user vera
revoke READ_DATA, WRITE_DATA on DB.** from user vera
list privileges of user vera
grant READ_DATA on DB.a.** to user vera
grant READ_DATA on DB.a.x.** to user vera
grant READ_DATA on DB.a.y to user vera
grant READ_DATA on DB.b.y to user vera
revoke WRITE_DATA on DB.a.** from user vera
revoke READ_DATA on DB.a.** from user vera
list privileges of user vera
revoke READ_DATA on DB.b.** from user vera
list privileges of user vera
grant READ_DATA on DB.a.** to user vera
revoke READ_DATA on DB.a.x.** from user vera
revoke READ_DATA on DB.a from user vera
revoke READ_DATA on DB.c.**, DB.a.** from user vera
list privileges of user vera
grant READ_DATA on DB.a.** to user vera
revoke READ_DATA on DB.a.**, DB.c.** from user vera
list privileges of user vera
grant MANAGE_USER, READ_DATA on root.** to user vera
grant WRITE_DATA on DB.a.** to user vera
revoke ALL on root.** from user vera
list privileges of user vera
revoke ALL on root.** from user vera
grant MANAGE_USER on root.** to user vera
revoke MANAGE_USER, MANAGE_ROLE on root.** from user vera
list privileges of user vera
list privileges of user vera
grant READ_DATA on root.** to user vera
grant READ_DATA on DB.a.** to user vera with grant option
revoke READ_DATA on DB.** from user vera
list privileges of user vera
drop user vera
create user a2345678901234567890123456789012 'pass1234'
create user vera1 'a2345678901234567890123456789012'
create role a2345678901234567890123456789012
drop role a2345678901234567890123456789012
drop user a2345678901234567890123456789012
drop user vera1
-- Only one of the two takes these.
create user 1234 'pass1234'
create user lena_with_a_name_that_is_longer_than_thirty_two_characters 'pass1234'
create user lena6 'a_password_that_is_longer_than_thirty_two_characters'
drop user `1234`
drop user lena_with_a_name_that_is_longer_than_thirty_two_characters
drop user lena6
create timeseries using device template on DB.t1.d3, DB.t1.d4
deactivate device template from DB.t1.d3
delete timeseries of device template Q1 from DB.t1.d4
create user a23456789012345678901234567890123 'pass1234'
create user vera2 'a23456789012345678901234567890123'
alter user vera1 set password 'a23456789012345678901234567890123'
create role a23456789012345678901234567890123
