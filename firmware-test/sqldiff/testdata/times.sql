-- Points in time and durations.
create database DB
create timeseries DB.a.v with datatype=INT32
insert into DB.a(time, v) values (0, 0), (1704067200000, 1), (1704067200001, 2), (1704110400000, 3), (1719835200000, 4)
insert into DB.a(time, v) values (2024-01-01, 10)
insert into DB.a(time, v) values (2024/01/01, 11)
insert into DB.a(time, v) values (2024.01.01, 12)
insert into DB.a(time, v) values (2024-01-01 00:00:00, 13)
insert into DB.a(time, v) values (2024-01-01T00:00:00, 14)
insert into DB.a(time, v) values (2024/01/02 03:04:05, 15)
insert into DB.a(time, v) values (2024.01.03 03:04:05, 16)
insert into DB.a(time, v) values (2024/01/04T03:04:05, 17)
insert into DB.a(time, v) values (2024.01.05T03:04:05, 18)
insert into DB.a(time, v) values (2024-01-01T00:00:00.1, 19)
insert into DB.a(time, v) values (2024-01-01T00:00:00.12, 19)
insert into DB.a(time, v) values (2024-01-01T00:00:00.123, 20)
insert into DB.a(time, v) values (2024-01-01T00:00:00.1234, 20)
insert into DB.a(time, v) values (2024-01-01T00:00:00.123456, 20)
insert into DB.a(time, v) values (2024-01-01T00:00:00.123456789, 20)
insert into DB.a(time, v) values (2024-01-01 00:00:00.123, 21)
insert into DB.a(time, v) values (2024-01-01T00, 22)
insert into DB.a(time, v) values (2024-01, 22)
insert into DB.a(time, v) values (2024-01-01T00:00:00+08:00, 24)
insert into DB.a(time, v) values (2024-01-01T00:00:00-08:00, 25)
insert into DB.a(time, v) values (2024-01-01T00:00:00+00:00, 26)
insert into DB.a(time, v) values (2024-01-01T00:00:00 +08:00, 26)
insert into DB.a(time, v) values (2024-01-01 00:00:00+08:00, 26)
insert into DB.a(time, v) values (2024-01-01T00:00:00.5+08:00, 27)
insert into DB.a(time, v) values (2024-01-01T00:00:00+18:00, 27)
insert into DB.a(time, v) values (2024-01-01T00:00:00+19:00, 27)
insert into DB.a(time, v) values (2024-01-01T24:00:00, 28)
insert into DB.a(time, v) values (2024-01-01T23:59:60, 28)
insert into DB.a(time, v) values (2024-00-01T00:00:00, 28)
insert into DB.a(time, v) values (2024-01-32T00:00:00, 28)
insert into DB.a(time, v) values (2024-01-01T25:00:00, 28)
insert into DB.a(time, v) values (2024-01-01T00:60:00, 28)
insert into DB.a(time, v) values (1969-12-31T23:59:59.999+00:00, 29)
insert into DB.a(time, v) values (1000-01-01T00:00:00.000+00:00, 30)
insert into DB.a(time, v) values (0001-01-01T00:00:00.000+00:00, 31)
insert into DB.a(time, v) values (9999-12-31T23:59:59.999+00:00, 32)
insert into DB.a(time, v) values (10000-01-01T00:00:00.000+00:00, 32)
insert into DB.a(time, v) values (24-01-01T00:00:00.000+00:00, 32)
insert into DB.a(time, v) values (-2024-01-01T00:00:00.000+00:00, 32)
insert into DB.a(time, v) values (2024-01-01T0:0:0, 32)
insert into DB.a(time, v) values (253402300799999, 33)
insert into DB.a(time, v) values (9999999999999, 33)
insert into DB.a(time, v) values (10000000000000, 33)
insert into DB.a(time, v) values (99999999999999, 34)
insert into DB.a(time, v) values (999999999999999, 34)
insert into DB.a(time, v) values (-99999999999999, 34)
insert into DB.a(time, v) values (-62135596800001, 35)
insert into DB.a(time, v) values (-999999999999999, 35)
select v from DB.a
select v from DB.a where time = 2024-01-01
select v from DB.a where time >= 2024-01-01T00:00:00+08:00 and time < 2024-01-02T00:00:00+08:00
select v from DB.a where time >= 2024/01/01 00:00:00 and time < 2024.01.02
select v from DB.a where time >= '2024-01-01' and time < '2024-01-02'
select v from DB.a where time >= 2024-06-01T12:00:00.5
select v from DB.a where time > 2024-13-01
select v from DB.a where time > 2024-02-30
select v from DB.a where time < now() and time > now() - 100y
select v from DB.a where time < NOW()
select v from DB.a where time < now( )
select v from DB.a where time < now
select v from DB.a where time < now() + 1d2h3m4s5ms
select v from DB.a where time < now() - 1mo
select v from DB.a where time < now() - 1y2mo
select v from DB.a where time < now() - 1
select v from DB.a where time < now() - 1.5d
select v from DB.a where time < now() - 1d + 1h
select v from DB.a where time < now() -1d
select v from DB.a where time < now()-1d
select v from DB.a where time < 2024-01-01 + 1d
select v from DB.a where time < 2024-01-01T00:00:00+1d
select v from DB.a where time < 2024-01-01T00:00:00.000+00:00 + 1d
select v from DB.a where time < 2024-01-01 - 1w
select v from DB.a where time < 1704067200000 + 1d
select v from DB.a where time < 1704067200000+1d
select v from DB.a where time < 1d
select v from DB.a where time < 1d + now()
select v from DB.a where time < 1704067200000 + 1m
select v from DB.a where time < 1704067200000 + 1M
select v from DB.a where time < 1704067200000 + 1D
select v from DB.a where time < 1704067200000 + 1 d
select v from DB.a where time < 1704067200000 + 1h1h
select v from DB.a where time < 1704067200000 + 1s1h
select v from DB.a where time < 1704067200000 + 1us
select v from DB.a where time < 1704067200000 + 1000us
select v from DB.a where time < 1704067200000 + 5ns
select v from DB.a where time < 9223372036854775807
select v from DB.a where time > -9223372036854775808
select v from DB.a where time < 9223372036854775808
select v from DB.a where time < 1e3
select v from DB.a where time = 0 or time = 1704067200001
select count(v) from DB.a group by ([2024-01-01, 2024-01-02), 6h)
select count(v) from DB.a group by ([2024-01-01T00:00:00.000+08:00, 2024-01-02T00:00:00.000+08:00), 6h)
select count(v) from DB.a group by ([2024-01-01 00:00:00, 2024-01-02 00:00:00), 12h)
select count(v) from DB.a group by ([2024-01-01, 2024-01-01 + 1d), 12h)
select count(v) from DB.a group by ([1704067200000, 1704153600000), 12h)
delete from DB.a.v where time > 2024-06-01 and time <= 2024-07-01T12:00:00.000+00:00
select count(v) from DB.a
-- Only one of the two takes these.
insert into DB.a(time, v) values (2024-1-1, 10)
insert into DB.a(time, v) values (2024-01-01T00:00, 22)
insert into DB.a(time, v) values (2024-01-01T00:00:00Z, 23)
insert into DB.a(time, v) values (2024-01-01T00:00:00z, 23)
insert into DB.a(time, v) values (2024-01-01T00:00:00+0800, 25)
insert into DB.a(time, v) values (2024-01-01T00:00:00+08, 25)
insert into DB.a(time, v) values (2024-02-30T00:00:00, 28)
insert into DB.a(time, v) values (2023-02-29T00:00:00, 28)
insert into DB.a(time, v) values (2024-01-01 1:02:03, 32)
