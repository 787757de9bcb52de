-- SHOW, COUNT, TTL, and what a gateway has not.
create database DB
create database DB2
create timeseries DB.a.x.s1 with datatype=INT32, encoding=RLE, compressor=SNAPPY
create timeseries DB.a.x.s2 with datatype=INT64 tags(k1=v1, k2=v2) attributes(a1=w1)
create timeseries DB.a.x.s3(al) with datatype=TEXT tags(k1=v1)
create timeseries DB.a.y.s1 with datatype=FLOAT tags(k1=other)
create timeseries DB.a.s1 with datatype=DOUBLE
create timeseries DB.s1 with datatype=BOOLEAN
create aligned timeseries DB.b.x(s1 INT32, s2 TEXT, s3 DATE)
create timeseries DB2.c.s1 with datatype=INT32
insert into DB.a.x(time, s1, s2) values (1, 1, 1)
insert into DB.a.y(time, s1) values (5, 1)
insert into DB.b.x(time, s1) aligned values (9, 1)
show databases DB
show databases DB.*
show databases DB.**
show databases root.nothing
show databases details DB
show storage group DB
count databases DB
count databases root.nothing
count databases DB.a
show timeseries DB
show timeseries DB.*
show timeseries DB.a
show timeseries DB.a.x
show timeseries DB.a.x.*
show timeseries DB.a.x.s1
show timeseries DB.a.x.s*
show timeseries DB.a.x.*1
show timeseries DB.a.x.*s*
show timeseries DB.**.s1
show timeseries DB.*.x.*
show timeseries DB.**.x.**
show timeseries DB.a.**
show timeseries DB.**.a.**
show timeseries DB.**.s3
show timeseries DB.a.x.al
show timeseries DB.a.x.s1, DB.a.x.s2
show timeseries DB.a.** limit 2
show timeseries DB.a.** limit 2 offset 1
show timeseries DB.a.** offset 1 limit 2
show timeseries DB.a.** offset 2
show timeseries DB.a.** limit 0
show timeseries DB.a.** limit -1
show timeseries DB.a.** limit 100 offset 100
show timeseries DB.a.** where timeseries contains 's1'
show timeseries DB.a.** where timeseries contains 'S1'
show timeseries DB.a.** where timeseries contains ''
show timeseries DB.a.** where timeseries like '%s1'
show timeseries DB.a.** where timeseries = 'DB.a.s1'
show timeseries DB.a.** where timeseries contains 's1' and datatype=INT32
show timeseries DB.a.** where timeseries contains 's1' or datatype=INT64
show timeseries DB.a.** where not datatype=INT32
show timeseries DB.a.** where datatype=INT32
show timeseries DB.a.** where datatype='INT32'
show timeseries DB.a.** where datatype==INT32
show timeseries DB.a.** where datatype=int32
show timeseries DB.a.** where dataType=INT32
show timeseries DB.a.** where datatype=NOTHING
show timeseries DB.a.** where datatype!=INT32
show timeseries DB.a.** where tags(k1)='v1'
show timeseries DB.a.** where tags(k1)=v1
show timeseries DB.a.** where tags('k1')='v1'
show timeseries DB.a.** where TAGS(k1)='v1'
show timeseries DB.a.** where tags(k1) contains 'v'
show timeseries DB.a.** where tags(k1) contains v
show timeseries DB.a.** where tags(nothing)='v1'
show timeseries DB.a.** where tags(k1) != 'v1'
show timeseries DB.a.** where tags(k1)='v1' and tags(k2)='v2'
show timeseries DB.a.** where attributes(a1)='w1'
show timeseries DB.a.** where k1='v1'
show timeseries DB.a.** where k1=v1
show timeseries DB.a.** where nothing='x'
show timeseries DB.a.** where
show timeseries DB.a.** where timeseries
show timeseries DB.a.** where tags(k1)='v1' limit 1
show timeseries DB.a.** where tags(k1)='v1' order by timeseries
show timeseries DB.a.** order by timeseries
show latest timeseries DB.**
show latest timeseries DB.a.** limit 1
show latest timeseries DB.a.** where tags(k1)='v1'
show latest timeseries DB.nothing.**
show timeserie DB.**
count timeseries DB
count timeseries DB.*
count timeseries DB.**
count timeseries DB.a.x.s1
count timeseries DB.a.** group by level=1
count timeseries DB.a.** group by level=2
count timeseries DB.a.** group by level=3
count timeseries DB.** group by level=4
count timeseries DB.** group by level = 2
count timeseries DB.a.x.s1 group by level=2
count timeseries DB.** group by level=-1
count timeseries DB.** group by level=1.5
count timeseries DB.** group by level
count timeseries DB.** group by level=1, 2
count timeseries DB.** group by
count timeseries root.nothing.** group by level=1
count timeseries DB.** where timeseries contains 's1'
count timeseries DB.** where datatype=INT32 group by level=2
count timeseries DB.** group by level=2 where datatype=INT32
count timeseries DB.** where tags(k1)='v1' group by level=3
count timeseries DB.** limit 1
count nodes DB.** level=1
count nodes DB.** level=2
count nodes DB.** level=3
count nodes DB.** level=4
count nodes DB.* level=2
count nodes DB level=0
count nodes DB level=1
count nodes DB.a level=3
count nodes root level=0
count nodes DB.**
count nodes DB.a.x level = 3
count nodes DB.** level=5
count nodes DB.**.x level=3
count devices DB
count devices DB.*
count devices DB.**
count devices DB.a
count devices DB.a.*
count devices DB.a.**
count devices root.nothing.**
count devices DB.** where device contains 'x'
count devices DB.** limit 1
show devices DB
show devices DB.*
show devices DB.**
show devices DB.a.x
show devices DB.a.x.s1
show devices DB.*.x
show devices DB.**.x
show devices DB.** with database
show devices DB.** with storage group
show devices DB.** with database limit 1
show devices DB.** where device contains 'x'
show devices DB.** where device contains 'x' limit 1
show devices DB.** where device like '%x'
show devices DB.** where template = 't'
show devices DB.** where template != 't'
show devices DB.** where template is null
show devices DB.** where template is not null
show devices DB.** where device = 'x'
show devices DB.** limit 2
show devices DB.** limit 2 offset 1
show devices DB.** limit 2 offset 100
show devices DB.** limit 0
show devices DB.** order by device
show devices DB.** where device contains 'x' with database
show devices DB.** with database where device contains 'x'
show devices root.nothing.**
show child paths DB
show child paths DB.a
show child paths DB.a.x
show child paths DB.a.x.s1
show child paths DB.*
show child paths DB.**
show child paths root.nothing
show child paths DB limit 1
show child nodes DB
show child nodes DB.a
show child nodes DB.a.x
show child nodes DB.a.x.s1
show child nodes DB.*
show child nodes DB.**
show child nodes root.nothing
show ttl on DB
show ttl on DB.a
show ttl on DB.a.x
show ttl on root.nothing
show ttl on root
show ttl on DB, DB2
show ttl
set ttl to DB 1000000000000
set ttl to DB.a.x 2000000000000
set ttl to DB.a.** 3000000000000
show ttl on DB
show ttl on DB.**
show ttl on DB.a.x
show ttl on DB.a.x.s1
show ttl on DB.a.y
show ttl on DB.a.x, DB.a.y
show devices DB.**
unset ttl to root
unset ttl to DB.a.x
unset ttl to DB.a.**
unset ttl to DB
show devices DB.**
set ttl to DB 1d
set ttl to DB 1.5
set ttl to DB -5
set ttl to DB '5'
set ttl to DB inf
set ttl to DB INF
set ttl to DB 9223372036854775807
set ttl to DB 9223372036854775808
show ttl on DB.**
unset ttl to DB
set ttl to DB.a.x.s1 100000000000000
show ttl on DB.**
unset ttl to DB.a.x.s1
set ttl to root.nothing 100000000000000
show ttl on root.nothing
unset ttl to root.nothing
set ttl to root.nothing.** 100000000000000
unset ttl to root.nothing.**
set ttl to DB.a.* 5
set ttl to DB.**.x 5
set ttl to DB.a.x** 5
show variables
show cluster
show cluster details
show datanodes
show confignodes
show regions
show functions
show triggers
show continuous queries
show cqs
show pipeplugins
show queries limit 1
show queries where elapsed_time > 1
show query processlist
show version
show current_user
show current_sql_dialect
show tables
show models
show topics
show nothing
show
show device template
show device templates
show schema templates
show nodes in device template nothing
show nodes in schema template nothing
show paths set device template nothing
show paths using device template nothing
show paths set schema template nothing
count
count nothing
flush
flush DB
flush DB, DB2
flush DB true
flush DB false
flush true
flush root.nothing
flush on cluster
flush on local
flush DB.a
merge
full merge
explain select s1 from DB.a
explain analyze select s1 from DB.a
clear cache
load configuration
set configuration a=b
kill query
kill query x
kill query '1'
set system to error
migrate region 1 from 1 to 2
describe DB
use DB
update DB.a set x = 1
truncate DB.a
begin
commit
rollback
call x()
set autocommit = 1
set sql_dialect=tree
drop table x
delete database DB2
