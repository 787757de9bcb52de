-- Values of every type, inference, shapes of INSERT.
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
insert into DB.a(time, b) values (1, TRUE)
insert into DB.a(time, b) values (2, False)
insert into DB.a(time, b) values (3, 'true')
insert into DB.a(time, b) values (3, 'TRUE')
insert into DB.a(time, b) values (4, "false")
insert into DB.a(time, b) values (5, 1)
insert into DB.a(time, b) values (5, 0)
insert into DB.a(time, b) values (5, 'x')
insert into DB.a(time, b) values (5, 1.0)
insert into DB.a(time, b) values (6, null)
insert into DB.a(time, b) values (6, NULL)
insert into DB.a(time, b) values (6, '')
select b from DB.a
insert into DB.a(time, i) values (1, 2147483647)
insert into DB.a(time, i) values (2, -2147483648)
insert into DB.a(time, i) values (3, 2147483648)
insert into DB.a(time, i) values (4, 1.0)
insert into DB.a(time, i) values (4, 1.9)
insert into DB.a(time, i) values (5, 1e3)
insert into DB.a(time, i) values (6, +7)
insert into DB.a(time, i) values (7, - 8)
insert into DB.a(time, i) values (8, '9')
insert into DB.a(time, i) values (9, ' 9')
insert into DB.a(time, i) values (9, '')
insert into DB.a(time, i) values (9, 007)
insert into DB.a(time, i) values (10, 0x1F)
insert into DB.a(time, i) values (10, 1_000)
insert into DB.a(time, i) values (11, 5L)
insert into DB.a(time, i) values (11, NaN)
insert into DB.a(time, i) values (11, true)
insert into DB.a(time, i) values (12, --5)
insert into DB.a(time, i) values (13, 1 + 1)
insert into DB.a(time, i) values (14, abc)
select i from DB.a
insert into DB.a(time, l) values (1, 9223372036854775807)
insert into DB.a(time, l) values (2, -9223372036854775808)
insert into DB.a(time, l) values (3, 9223372036854775808)
insert into DB.a(time, l) values (4, 1e10)
insert into DB.a(time, l) values (4, 1.0)
insert into DB.a(time, l) values (6, 2024-01-01T00:00:00.000+00:00)
insert into DB.a(time, l) values (7, '123')
select l from DB.a where time != 5
insert into DB.a(time, f) values (1, 1)
insert into DB.a(time, f) values (2, 1.1)
insert into DB.a(time, f) values (3, 16777217)
insert into DB.a(time, f) values (4, 3.5e38)
insert into DB.a(time, f) values (5, -3.5e38)
insert into DB.a(time, f) values (6, 1e-50)
insert into DB.a(time, f) values (7, NaN)
insert into DB.a(time, f) values (8, 'NaN')
insert into DB.a(time, f) values (9, Infinity)
insert into DB.a(time, f) values (10, 'Infinity')
insert into DB.a(time, f) values (11, '-Infinity')
insert into DB.a(time, f) values (12, -NaN)
insert into DB.a(time, f) values (13, .5)
insert into DB.a(time, f) values (14, 5.)
insert into DB.a(time, f) values (15, 5E2)
insert into DB.a(time, f) values (16, 5e+2)
insert into DB.a(time, f) values (17, 5e-2)
insert into DB.a(time, f) values (18, -0)
insert into DB.a(time, f) values (19, -0.0)
insert into DB.a(time, f) values (20, 0.1)
insert into DB.a(time, f) values (21, 123456789.123456789)
insert into DB.a(time, f) values (22, '1.5')
insert into DB.a(time, f) values (23, 'x')
insert into DB.a(time, f) values (23, '')
insert into DB.a(time, f) values (23, true)
insert into DB.a(time, f) values (24, '1.5f')
insert into DB.a(time, f) values (25, '0x1p3')
insert into DB.a(time, f) values (26, ' 2.5 ')
insert into DB.a(time, f) values (27, nan)
insert into DB.a(time, f) values (28, inf)
select f from DB.a
select min_value(f), max_value(f), sum(f), avg(f), first_value(f), last_value(f) from DB.a
select f from DB.a where f > 0
select f from DB.a where f = f
insert into DB.a(time, d) values (1, 1)
insert into DB.a(time, d) values (2, 1.1)
insert into DB.a(time, d) values (3, 9007199254740993)
insert into DB.a(time, d) values (4, 1.8e308)
insert into DB.a(time, d) values (5, 1e-400)
insert into DB.a(time, d) values (6, NaN)
insert into DB.a(time, d) values (7, 'NaN')
insert into DB.a(time, d) values (8, 0.1)
insert into DB.a(time, d) values (9, 1e21)
insert into DB.a(time, d) values (10, 1e-7)
insert into DB.a(time, d) values (11, 0.001)
insert into DB.a(time, d) values (12, 0.0001)
insert into DB.a(time, d) values (13, 9999999)
insert into DB.a(time, d) values (14, 10000000)
insert into DB.a(time, d) values (15, '1.5d')
insert into DB.a(time, d) values (16, 123456789012345678)
select d from DB.a
select last d, f from DB.a
insert into DB.a(time, t) values (1, 'it''s')
insert into DB.a(time, t) values (2, "say ""x""")
insert into DB.a(time, t) values (3, 'a\tb')
insert into DB.a(time, t) values (4, 'a\\b')
insert into DB.a(time, t) values (5, 'a\'b')
insert into DB.a(time, t) values (6, "it's")
insert into DB.a(time, t) values (7, 'say "x"')
insert into DB.a(time, t) values (8, '')
insert into DB.a(time, t) values (9, ' ')
insert into DB.a(time, t) values (10, '😀 𝒳 \u0041')
insert into DB.a(time, t) values (11, 5)
insert into DB.a(time, t) values (12, 1.50)
insert into DB.a(time, t) values (13, true)
insert into DB.a(time, t) values (14, TRUE)
insert into DB.a(time, t) values (17, 2024-01-01)
insert into DB.a(time, t) values (18, 'null')
insert into DB.a(time, t) values (19, -5)
insert into DB.a(time, t) values (20, NaN)
insert into DB.a(time, t) values (21, 007)
insert into DB.a(time, t) values (22, 1e5)
insert into DB.a(time, t) values (23, `x`)
insert into DB.a(time, t) values (24, 'line1\nline2')
select t from DB.a where time != 16
insert into DB.a(time, at) values (1, 0)
insert into DB.a(time, at) values (2, -1)
insert into DB.a(time, at) values (3, 2024-01-01)
insert into DB.a(time, at) values (4, 2024-01-01T00:00:00)
insert into DB.a(time, at) values (5, 2024-01-01 00:00:00)
insert into DB.a(time, at) values (6, '2024-01-01')
insert into DB.a(time, at) values (7, '5')
insert into DB.a(time, at) values (8, 1.5)
insert into DB.a(time, at) values (9, true)
insert into DB.a(time, at) values (11, '2024-01-01T00:00:00.000+08:00')
insert into DB.a(time, at) values (12, 'x')
insert into DB.a(time, at) values (13, '')
select at from DB.a where time != 10
insert into DB.a(time, day) values (1, '2024-01-01')
insert into DB.a(time, day) values (2, 20240101)
insert into DB.a(time, day) values (3, 2024-01-01)
insert into DB.a(time, day) values (4, '2024-1-1')
insert into DB.a(time, day) values (5, '1000-01-01')
insert into DB.a(time, day) values (6, '9999-12-31')
insert into DB.a(time, day) values (7, '0999-12-31')
insert into DB.a(time, day) values (8, '10000-01-01')
insert into DB.a(time, day) values (9, '2024-13-01')
insert into DB.a(time, day) values (10, 'x')
insert into DB.a(time, day) values (11, '')
insert into DB.a(time, day) values (12, 5)
insert into DB.a(time, day) values (13, '20240101')
insert into DB.a(time, day) values (14, '2024/01/01')
select day from DB.a
insert into DB.a(time, raw) values (1, X'00')
insert into DB.a(time, raw) values (2, x'ABCDEF')
insert into DB.a(time, raw) values (3, X'abcde')
insert into DB.a(time, raw) values (4, X'')
insert into DB.a(time, raw) values (5, X'zz')
insert into DB.a(time, raw) values (6, 'text')
insert into DB.a(time, raw) values (7, '0xFF')
insert into DB.a(time, raw) values (8, 5)
insert into DB.a(time, raw) values (9, X'0 0')
insert into DB.a(time, raw) values (10, '')
insert into DB.a(time, raw) values (11, X "00")
insert into DB.a(time, raw) values (12, '文')
insert into DB.a(time, raw) values (13, true)
select raw from DB.a
select count(raw), first_value(raw), last_value(raw) from DB.a
insert into DB.a(time, str) values (1, 'a')
insert into DB.a(time, str) values (2, 5)
insert into DB.a(time, str) values (3, true)
insert into DB.a(time, str) values (4, '')
insert into DB.a(time, str) values (6, 2024-01-01)
select str from DB.a
-- inference
insert into DB.n1(time, a) values (1, 1)
insert into DB.n1(time, b) values (1, 1.5)
insert into DB.n1(time, c) values (1, 'x')
insert into DB.n1(time, d) values (1, true)
insert into DB.n1(time, e) values (1, 'true')
insert into DB.n1(time, f) values (1, '1')
insert into DB.n1(time, g) values (1, '1.5')
insert into DB.n1(time, h) values (1, NaN)
insert into DB.n1(time, i) values (1, 'NaN')
insert into DB.n1(time, j) values (1, X'00')
insert into DB.n1(time, k) values (1, 2024-01-01)
insert into DB.n1(time, l) values (1, 2024-01-01T00:00:00)
insert into DB.n1(time, n) values (1, '2024-01-01')
insert into DB.n1(time, o) values (1, 99999999999)
insert into DB.n1(time, p) values (1, 99999999999999999999)
insert into DB.n1(time, q) values (1, -5)
insert into DB.n1(time, r) values (1, '')
insert into DB.n1(time, s) values (1, null)
insert into DB.n1(time, t, u) values (1, null, 1)
insert into DB.n1(time, v) values (1, 1e5)
insert into DB.n1(time, w) values (1, 16777217)
insert into DB.n1(time, x) values (1, 'X''00''')
insert into DB.n1(time, y) values (1, T)
insert into DB.n1(time, z) values (1, 'TRUE')
insert into DB.n1(time, aa) values (1, 1), (2, 1.5)
insert into DB.n1(time, ab) values (1, null), (2, 1.5)
insert into DB.n1(time, ac) values (1, 'x'), (2, 1.5)
insert into DB.n1(time, ad) values (1, 1.5), (2, 'x')
insert into DB.n1(time, ae) values (1, '0x10')
insert into DB.n1(time, af) values (1, '123456789012345678901234567890')
insert into DB.n1(time, ag) values (1, '1e5')
insert into DB.n1(time, ah) values (1, '.5')
insert into DB.n1(time, ai) values (1, '+5')
insert into DB.n1(time, aj) values (1, '-5')
insert into DB.n1(time, ak) values (1, '5L')
insert into DB.n1(time, al) values (1, '5f')
insert into DB.n1(time, am) values (1, '1d')
insert into DB.n1(time, an) values (1, ' 5')
insert into DB.n1(time, ao) values (1, '5d5')
insert into DB.n1(time, ap) values (1, 'Infinity')
insert into DB.n1(time, aq) values (1, 123456.789)
show timeseries DB.n1.*
select * from DB.n1 where time < 3
-- insert shapes
insert into DB.c(time, x) values (1, 1), (1, 2)
select x from DB.c
insert into DB.c(time, x) values (5, 5), (3, 3), (4, 4), (2, 2)
select x from DB.c
insert into DB.c(time, x, y) values (1, 1), (2, 2, 2)
insert into DB.c(time, x, y) values (6, 6, null), (7, null, 7), (8, null, null)
select x, y from DB.c
insert into DB.c(x, y) values (1, 2)
insert into DB.c(x, time, y) values (1, 9, 2)
insert into DB.c(time, time, x) values (1, 2, 3)
insert into DB.c(x, x) values (1, 2)
insert into DB.c(timestamp, x) values (10, 10)
insert into DB.c(TIME, x) values (11, 11)
insert into DB.c(`time`, x) values (12, 12)
insert into DB.c (time, x) values (13, 13)
insert into DB.c(time, x) value (14, 14)
insert into DB.c(time, x) VALUES(15,15)
insert into DB.c(time, x) values (16, 16);
insert into DB.c(time, x) values (17, 17),
insert into DB.c(time, x) values (null, 18)
insert into DB.c(time, x) values (1.5, 18)
insert into DB.c(time, x) values (-18, 18)
insert into DB.c(time, x) values (- 18, 18)
insert into DB.c(time, x) values (+19, 19)
insert into DB.c(time, x) values (9223372036854775807, 18)
insert into DB.c(time, x) values (9223372036854775808, 18)
insert into DB.c(time, x) values (1e3, 18)
insert into DB.c(time, x) values (true, 18)
insert into DB.c(time, x.y) values (1, 1)
insert into DB.c(time, *) values (1, 1)
insert into DB.*(time, x) values (1, 1)
insert into DB.**(time, x) values (1, 1)
insert into DB(time, x) values (1, 1)
insert into root(time, x) values (1, 1)
insert into nope.d(time, x) values (1, 1)
insert into DB.c() values ()
insert into DB.c(time, x) values ()
insert into DB.c(time, x) select x from DB.d
insert into DB.c.x(time, z) values (1, 1)
insert into DB.c(time, x, x) values (1, 1, 1)
insert into DB.c(time, time) values (1, 1)
insert into DB.c(time, a, b, c) values (100, 1, 2, 3), (101, 'x', null, null)
insert into DB.c(time, a) aligned values (102, 1)
insert into DB.ca(time, a) aligned values (102, 1)
insert into DB.ca(time, a) values (103, 1)
insert into DB.ca(time, b) values (103, 1)
insert into DB.ca aligned (time, b) values (103, 1)
show devices DB.*
select x from DB.c where time > 1 and time < 1000
delete from DB.c.x where time > 1000000000000
select count(x) from DB.c
select x from DB.c where time < 1000
create timeseries DB.c.x with datatype=INT32
create aligned timeseries DB.ca(a INT32)
insert into DB.ca(time, b) values (103, 1)
insert into DB.ca(time, a, b) values (103, 1, 1)
insert into DB.ca(time, a) values (104, 1)
insert into DB.c(time, y) aligned values (104, 1)
insert into DB.c(time, x, y) aligned values (104, 1, 1)
insert into DB.c(time, x) aligned values (104, 1)
show timeseries DB.**
select * from DB.ca, DB.c where time < 1000000
create timeseries DB.c.y with datatype=INT32
create aligned timeseries DB.c(z INT32)
create timeseries DB.ca.z with datatype=INT32
show child paths DB.**
show devices DB.** where device contains 'C'
show timeseries DB.** where tags(x) contains 'C'
select x from DB.c where time > 2024-1-1
insert into DB.c(time, x,) values (1, 1,)
create aligned timeseries DB.cc(a INT32,)
select x from DB.c order by time desc, time asc
select x from DB.c order by time asc, time desc
flush DB, DB
flush root.**
delete timeseries DB.c.nothing, DB.c.nothing2
delete timeseries DB.c.nothing, DB.c.y
select x from DB.c where nothing is null
select x from DB.c where nothing is not null
select x from DB.c where not (nothing > 1)
select x from DB.c where nothing = 1 or x > 0
select x from DB.c where nothing != 1 or time > 0
select x, nothing from DB.c where nothing is null and x > 0
select count(x) from DB.c where nothing is null
select x from DB.c, DB.ca where nothing is null align by device
select a from DB.c, DB.ca where x is null align by device
create database DB2.`x y`
create database DB2.`x.y`
create database DB2.`x+y`
create database DB2.`x:y`
create database DB2.`文 y`
show databases DB2.**
delete database DB2.**
-- Only one of the two takes these.
insert into DB.a(time, t) values (15, X'41')
insert into DB.a(time, day) values (15, '2023-02-29')
insert into DB.a(time, str) values (5, X'41')
insert into DB.c(time, x) values ('18', 18)
insert into DB.c(time, x) values (-9223372036854775808, 18)
