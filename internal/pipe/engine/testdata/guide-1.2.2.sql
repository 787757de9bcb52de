create pipe a2b with connector ( 'connector'='iotdb-thrift-connector', 'connector.ip'='127.0.0.1', 'connector.port'='6668' )
;
start pipe a2b
;
INSERT INTO root.db.d(time, m) values (1, 1)
;
SELECT ** FROM root
;
CREATE PIPE p1 -- PipeId 是能够唯一标定同步任务任务的名字
WITH EXTRACTOR (
-- 默认的 IoTDB 数据抽取插件
'extractor' = 'iotdb-extractor',
-- 路径前缀,只有能够匹配该路径前缀的数据才会被抽取,用作后续的处理和发送
'extractor.pattern' = 'root.timecho',
-- 是否抽取历史数据
'extractor.history.enable' = 'true',
-- 描述被抽取的历史数据的时间范围,表示最早时间
'extractor.history.start-time' = '2011.12.03T10:15:30+01:00',
-- 描述被抽取的历史数据的时间范围,表示最晚时间
'extractor.history.end-time' = '2022.12.03T10:15:30+01:00',
-- 是否抽取实时数据
'extractor.realtime.enable' = 'true',
-- 描述实时数据的抽取方式
'extractor.realtime.mode' = 'hybrid',
)
WITH PROCESSOR (
-- 默认的数据处理插件,即不做任何处理
'processor' = 'do-nothing-processor',
)
WITH CONNECTOR (
-- IoTDB 数据发送插件,目标端为 IoTDB
'connector' = 'iotdb-thrift-connector',
-- 目标端 IoTDB 其中一个 DataNode 节点的数据服务 ip
'connector.ip' = '127.0.0.1',
-- 目标端 IoTDB 其中一个 DataNode 节点的数据服务 port
'connector.port' = '6667',
)
;
CREATE PIPE pipe1 WITH CONNECTOR ( 'connector' = 'iotdb-thrift-connector', 'connector.thrift.host' = 'localhost', 'connector.thrift.port' = '9999', )
;
CREATE PIPE pipe2 WITH CONNECTOR ( 'connector' = 'iotdb-thrift-connector', 'connector.thrift.port' = '9999', 'connector.thrift.host' = 'localhost', )
;
create pipe gate with connector ('connector'='iotdb-air-gap-connector', 'connector.node-urls'='10.0.0.2:9780', 'connector.air-gap.handshake-timeout-ms'='5000')
;
create pipe gate with extractor ('extractor.pattern'='root.`a@b`', 'extractor.realtime.enable'='false', 'extractor.forwarding-pipe-requests'='false') with connector ('connector'='do-nothing-connector')
;
START PIPE p1
;
STOP PIPE p1
;
DROP PIPE p1
;
SHOW PIPES
;
SHOW PIPE p1
;
SHOW PIPES
WHERE CONNECTOR USED BY p1
;
SHOW PIPEPLUGINS
