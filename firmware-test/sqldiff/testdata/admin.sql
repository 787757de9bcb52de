-- What operators write: schema, aliases, TTL, LOAD, templates, users, pipes. DB is a database of its own; @user/password runs a statement as that user.
create database DB
create timeseries DB.m.d1.s1 with datatype=INT32, encoding=RLE
create timeseries DB.m.d1.s2(alias2) with datatype=DOUBLE tags(unit=C) attributes(a=b)
create timeseries DB.m.d2.s1 with datatype=TEXT
create aligned timeseries DB.m.g.al(x INT64, y FLOAT)
create timeseries DB.m.d1.s3 with datatype=INT32, encoding=RLLE
create timeseries DB.m.d1.s3 with datatype=INT32, encoding=GORILLLA
create timeseries DB.m.d1.s3 with datatype=INT32, compressor=LZ5
create timeseries DB.m.d1.s3 with datatype=INTT32
create timeseries DB.m.d1.s3 with encoding=RLE
create timeseries DB.m.d1.s3 with datatype=BOOLEAN, encoding=TS_2DIFF
create timeseries DB.m.d1.s3 with datatype=INT32, encoding=DICTIONARY
create timeseries DB.m.d1.s3 with datatype=INT32, encoding=FREQ
create timeseries DB.m.d1.s3 with datatype=INT32, encoding=ZIGZAG, compressor=LZMA2
create timeseries DB.m.d1.s4 with datatype=INT64, encoding=GORILLA, compressor=GZIP
create timeseries DB.m.d1.s5 with datatype=INT64, compression=ZSTD
create timeseries DB.m.d1.s6 with datatype=INT64, max_point_number=3
create timeseries DB.m.d1.s7 with datatype=FLOAT, encoding=RLE, 'max_point_number'='3'
create timeseries DB.m.d1.`1` with datatype=INT64
create timeseries DB.m.d1.1 with datatype=INT64
create timeseries DB.m.d1.* with datatype=INT64
create timeseries m.d1.s with datatype=INT64
create timeseries DB.m.g.al.z with datatype=INT32
create timeseries DB.m.d1 with datatype=INT32
show timeseries DB.m.**
show timeseries DB.m.d1.s2
show timeseries DB.m.d1.alias2
show timeseries DB.m.** where datatype=TEXT
show timeseries DB.m.** where tags(unit)='C'
show timeseries DB.m.** where tags(unit) contains 'C'
show timeseries DB.m.** where nothing='C'
show timeseries DB.m.** limit 0
show timeseries DB.m.** offset 3
show timeseries DB.m.* offset 30
show child paths DB
show child paths DB.m
show child paths DB.m.d1
show child paths DB.m.d1.s1
show child paths DB.m.*
show child paths DB.*.d1
show child paths DB.**
show child nodes DB.m
show child nodes DB.m.*
show child nodes DB.m.d1.s1
show child nodes DB.nothing
count timeseries DB.m.**
count timeseries DB.m.** group by level=0
count timeseries DB.m.** group by level=1
count timeseries DB.m.** group by level=2
count timeseries DB.m.** group by level=3
count timeseries DB.m.** group by level=4
count timeseries DB.m.** group by level=40
count timeseries DB.m.** where datatype=TEXT
count timeseries DB.m.** where tags(unit)='C'
count timeseries DB.m.** where timeseries contains 's1' group by level=3
count nodes DB.** level=0
count nodes DB.** level=1
count nodes DB.** level=2
count nodes DB.** level=3
count nodes DB.** level=9
count nodes DB.m.* level=3
count devices DB.m.*
count devices DB.m.**
count databases DB.**
show devices DB.m.** where device contains 'd1'
show devices DB.m.** where template='x'
show devices DB.m.** offset 1
-- Aliases
insert into DB.m.d1(time, s1, alias2) values (1, 1, 1.5)
insert into DB.m.d1(time, alias2) values (2, 2.5)
select alias2 from DB.m.d1
select s2, alias2 from DB.m.d1
select count(alias2) from DB.m.d1
select last alias2 from DB.m.d1
select s1 from DB.m.d1 where alias2 > 2
delete from DB.m.d1.alias2 where time = 1
select s2 from DB.m.d1
delete timeseries DB.m.d1.nothing
delete timeseries DB.m.d2.s1, DB.m.d2.s1
create timeseries DB.m.d2.s1 with datatype=TEXT
alter timeseries DB.m.d1.s1 upsert alias=alias2
alter timeseries DB.m.d1.s1 upsert alias=s2
alter timeseries DB.m.d1.s1 upsert alias=first
alter timeseries DB.m.d1.s1 upsert alias=second
insert into DB.m.d1(time, first) values (7, 7)
insert into DB.m.d1(time, second) values (8, 8)
show timeseries DB.m.d1.*
select * from DB.m.d1
-- ALTER TIMESERIES
alter timeseries DB.m.d1.s2 rename unit to unit2
alter timeseries DB.m.d1.s2 rename unit to unit3
alter timeseries DB.m.d1.s2 rename unit2 to a
alter timeseries DB.m.d1.s2 set unit2=K, a=c
alter timeseries DB.m.d1.s2 set nothing=K
alter timeseries DB.m.d1.s2 add tags unit2=x
alter timeseries DB.m.d1.s2 add tags t1=v1, t2=v2
alter timeseries DB.m.d1.s2 add tags t1=v1
alter timeseries DB.m.d1.s2 add attributes a=x
alter timeseries DB.m.d1.s2 add tags a=x
alter timeseries DB.m.d1.s2 add attributes t1=x
alter timeseries DB.m.d1.s2 add attributes b1=x
alter timeseries DB.m.d1.s2 drop t1, nothing
alter timeseries DB.m.d1.s2 drop nothing
alter timeseries DB.m.d1.s2 upsert tags(t9=1) attributes(b9=2)
alter timeseries DB.m.d1.s2 upsert tags(b9=1)
alter timeseries DB.m.d1.s2 upsert attributes(t9=1)
alter timeseries DB.m.d1.** add tags t1=v1
alter timeseries DB.m.d2 add tags t1=v1
show timeseries DB.m.d1.s2
-- TTL
show ttl on DB
set ttl to DB.m.d1 3600000000000
set ttl to DB.m.** 7200000000000
show ttl on DB.m.d1
show ttl on DB.m.**
show ttl on DB.m.*
show devices DB.m.**
set ttl to DB.m.d1 INF
show devices DB.m.**
unset ttl to DB.m.d1
unset ttl to DB.m.d1
show devices DB.m.**
unset ttl to DB.m.**
set ttl to DB.*.d1 100
set ttl to DB.m.* 100
set ttl to DB 9000000000000
show ttl on DB
show ttl on DB.**
show devices DB.m.**
set ttl to DB INF
show ttl on DB.**
unset ttl to DB
show ttl on DB.**
unset ttl to DB
set ttl to DB.m.d2 0
show ttl on DB.m.d2
insert into DB.m.d2(time, s1) values (1, 'x')
select * from DB.m.d2
delete from DB.m.d2.s1
unset ttl to DB.m.d2
set ttl to nothing 5
set ttl to DB.m.d2
set ttl DB.m.d2 5
-- LOAD
load 'nothing.tsfile'
load '/tmp/nothing.tsfile'
load '/tmp/nothing.tsfile' sglevel=2
load '/tmp/nothing.tsfile' verify=false
load '/tmp/nothing.tsfile' onSuccess=none
load '/tmp/nothing.tsfile' onSuccess=nothing
load '/tmp/nothing.tsfile' nothing=true
load nothing.tsfile
load
-- Templates
create device template W (t FLOAT encoding=RLE, h INT32)
create device template WA aligned (lat DOUBLE, lon DOUBLE)
create device template W (x FLOAT)
create device template WB (x FLOAT, x INT32)
create device template WB (x NOTHING)
create device template WB ()
show device templates
show nodes in device template W
show nodes in device template nothing
alter device template W add (p DOUBLE)
alter device template W add (t DOUBLE)
alter device template nothing add (t DOUBLE)
show nodes in device template W
set device template W to DB.nowhere.x
set device template W to root.nodb.x
set device template W to DB.m.d1
set device template nothing to DB.tp
set device template W to DB.tp
set device template W to DB.tp
set device template WA to DB.tp.d1
show paths set device template W
show paths set device template nothing
create timeseries using device template on DB.tp.d1
create timeseries using device template on DB.tp.d1
create timeseries using device template on DB.m.d1
show paths using device template W
show timeseries DB.tp.**
count timeseries DB.tp.**
show devices DB.tp.**
create timeseries DB.tp.d1.own with datatype=INT32
create timeseries DB.tp.d3.own with datatype=INT32
insert into DB.tp.d1(time, t, h) values (1, 1.5, 1), (2, 2.5, 2)
insert into DB.tp.d2(time, t) values (1, 1.5)
insert into DB.tp.d2(time, t) values (1, 'words')
select t, h from DB.tp.d1
select * from DB.tp.**
show paths using device template W
delete timeseries DB.tp.d1.t
delete timeseries DB.tp.d1.*
delete timeseries DB.tp.**
select * from DB.tp.**
count timeseries DB.tp.**
drop device template W
unset device template W from DB.tp
deactivate device template W from DB.tp.d1
deactivate device template W from DB.tp.d1
deactivate device template W from DB.tp.**
show paths using device template W
unset device template W from DB.nowhere.x
unset device template W from DB.tp
unset device template W from DB.tp
drop device template W
drop device template W
drop device template WA
drop device template nothing
create timeseries DB.last.time with datatype=INT64
insert into DB.last(time, s1, s2) values (1, 1, 2)
alter timeseries DB.last.s1 upsert alias=one
insert into DB.last(time, s1, one) values (3, 1, 2)
delete timeseries DB.last.one
delete timeseries DB.last.**
-- DELETE TIMESERIES with a wildcard over plain and template series
create device template V (t FLOAT)
set device template V to DB.mix.tp
create timeseries using device template on DB.mix.tp.d1
create timeseries DB.mix.d2.t with datatype=FLOAT
insert into DB.mix.tp.d1(time, t) values (1, 1.5)
insert into DB.mix.d2(time, t) values (1, 2.5)
delete timeseries DB.mix.**
select t from DB.mix.tp.d1
select t from DB.mix.d2
show timeseries DB.mix.**
flush
select t from DB.mix.tp.d1
deactivate device template V from DB.mix.tp.d1
unset device template V from DB.mix.tp
drop device template V
-- Users, roles, privileges
list user
create user anna 'pass1234'
create user anna 'pass1234'
create user ann 'pass1234'
create user annb 'abc'
create user `an na` 'pass1234'
create user root 'pass1234'
create user annc pass1234
create user annc
create role reader
create role reader
create role ab
create role root
list user
list role
list role of user anna
list role of user nobody
list user of role reader
list user of role nobody
grant READ_DATA, WRITE_DATA on DB.m.** to user anna
grant READ_DATA on DB.m.** to user anna
grant READ_DATA on DB.m.** to role reader with grant option
grant READ_DATA on DB.mm.* to user anna
grant READ_DATA on DB.*.x to role reader
grant READ_DATA on DB.m.d1.s1 to role reader
grant READ_DATA on DB.m.d1.s* to role reader
grant MANAGE_USER on DB.** to role reader
grant MANAGE_USER on root.** to role reader
grant MANAGE_USER, READ_SCHEMA on root.** to role reader
grant ALL on root.** to user nobody
grant READ on DB.b.** to user anna
grant nothing on root.** to user anna
grant READ_DATA to user anna
grant role reader to anna
grant role reader to anna
grant role nothing to anna
grant role reader to nobody
grant READ_DATA on root.** to user root
list privileges of role reader
list privileges of user anna
list privileges of user nobody
list privileges of role nobody
list privileges of user root
list role of user anna
list user of role reader
@anna/pass1234 show current_user
@anna/pass1234 list user
@anna/pass1234 list privileges of user anna
@anna/pass1234 list privileges of user root
@anna/pass1234 select s1 from DB.m.d1
@anna/pass1234 select x from DB.m.g.al
@anna/pass1234 select ** from DB
@anna/pass1234 show databases DB
@anna/pass1234 show devices DB.**
@anna/pass1234 show timeseries DB.**
@anna/pass1234 count timeseries DB.**
@anna/pass1234 insert into DB.m.d1(time, s1) values (90, 9)
@anna/pass1234 insert into DB.m.d1(time, second) values (91, 9)
@anna/pass1234 insert into DB.m.d1(time, fresh) values (90, 9)
@anna/pass1234 insert into DB.other.d1(time, fresh) values (90, 9)
@anna/pass1234 delete from DB.m.d1.s1 where time = 90
@anna/pass1234 delete from DB.** where time = 90
@anna/pass1234 create timeseries DB.m.d9.s1 with datatype=INT32
@anna/pass1234 delete timeseries DB.m.d1.s1
@anna/pass1234 alter timeseries DB.m.d1.s1 add tags z=1
@anna/pass1234 create database root.annas
@anna/pass1234 delete database DB
@anna/pass1234 set ttl to DB.m.d1 1000000000000
@anna/pass1234 unset ttl to DB.m.d1
@anna/pass1234 show ttl on DB.**
@anna/pass1234 create user annad 'pass1234'
@anna/pass1234 drop user annad
@anna/pass1234 create role annar
@anna/pass1234 alter user anna set password 'pass5678'
@anna/pass1234 grant READ_DATA on DB.m.** to user anna
@anna/pass1234 grant READ_DATA on DB.m.d1.s1 to user anna
@anna/pass1234 grant WRITE_DATA on DB.m.** to user anna
@anna/pass1234 grant READ_DATA on DB.** to user anna
@anna/pass1234 revoke WRITE_SCHEMA on DB.m.** from role reader
@anna/pass1234 create device template X (t FLOAT)
@anna/pass1234 show device templates
@anna/pass1234 show pipes
@anna/pass1234 start pipe nothing
@anna/pass1234 create pipe annap with sink ('sink'='do-nothing-sink')
@anna/pass1234 flush
@anna/pass1234 load '/tmp/nothing.tsfile'
@anna/pass1234 kill query 'x'
revoke READ_DATA on DB.m.** from user anna
revoke READ_DATA on DB.m.** from user anna
revoke READ_DATA on DB.zz.** from user anna
revoke role reader from anna
revoke role reader from anna
revoke role nothing from anna
revoke READ_DATA on root.** from user root
drop role reader
drop role reader
drop user anna
drop user anna
drop user root
alter user nobody set password 'pass1234'
-- Pipes: codes
create pipe p1
create pipe p1 with sink ('sink'='nothing-sink')
create pipe p1 with sink ('sink'='do-nothing-sink')
create pipe p1 with sink ('sink'='do-nothing-sink')
create pipe if not exists p1 with sink ('sink'='do-nothing-sink')
start pipe nothing
stop pipe nothing
drop pipe nothing
drop pipe if exists nothing
stop pipe p1
stop pipe p1
start pipe p1
start pipe p1
alter pipe nothing modify sink ('batch.enable'='true')
drop pipe p1
kill query 'nothing'
kill query '20200101_000000_00001_1'
