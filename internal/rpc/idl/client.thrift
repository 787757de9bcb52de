/*
 * The part of IoTDB's client RPC that a gateway speaks, as a thrift IDL written
 * for this project. Names and field numbers are facts of the protocol: what 1.3
 * and 2.0 clients put on the wire. Not every method of the service is declared:
 * those that are always refused are answered by name, without reading arguments
 * (see ../refused.go).
 *
 * Go code: ./generate.sh, with the thrift compiler 0.17. The compiler warns about
 * three arguments without a number: they must stay so (see pipeTransfer).
 */
namespace go gen

// ---- common -----------------------------------------------------------------

struct TEndPoint {
  1: required string ip
  2: required i32 port
}

struct TSStatus {
  1: required i32 code
  2: optional string message
  3: optional list<TSStatus> subStatus
  4: optional TEndPoint redirectNode
  5: optional bool needRetry
}

// ---- sessions -----------------------------------------------------------------

enum TSProtocolVersion {
  V1 = 0
  V2 = 1
  V3 = 2
}

struct TSOpenSessionReq {
  1: required TSProtocolVersion client_protocol
  2: required string zoneId
  3: required string username
  4: optional string password
  5: optional map<string, string> configuration
}

struct TSOpenSessionResp {
  1: required TSStatus status
  2: required TSProtocolVersion serverProtocolVersion
  3: optional i64 sessionId
  4: optional map<string, string> configuration
}

struct TSCloseSessionReq {
  1: required i64 sessionId
}

struct TSGetTimeZoneResp {
  1: required TSStatus status
  2: required string timeZone
}

struct TSSetTimeZoneReq {
  1: required i64 sessionId
  2: required string timeZone
}

struct ServerProperties {
  1: required string version
  2: required list<string> supportedTimeAggregationOperations
  3: required string timestampPrecision
  4: i32 maxConcurrentClientNum
  5: optional i32 thriftMaxFrameSize
  6: optional bool isReadOnly
  7: optional string buildInfo
  8: optional string logo
}

enum TSConnectionType {
  THRIFT_BASED = 0
  MQTT_BASED = 1
  INTERNAL = 2
  REST_BASED = 3
}

struct TSConnectionInfo {
  1: required string userName
  2: required i64 logInTime       // milliseconds since 1970
  3: required string connectionId // ip:port
  4: required TSConnectionType type
}

struct TSConnectionInfoResp {
  1: required list<TSConnectionInfo> connectionInfoList
}

struct TSBackupConfigurationResp {
  1: required TSStatus status
  2: optional bool enableOperationSync
  3: optional string secondaryAddress
  4: optional i32 secondaryPort
}

// ---- writes -------------------------------------------------------------------

struct TSInsertRecordReq {
  1: required i64 sessionId
  2: required string prefixPath
  3: required list<string> measurements
  4: required binary values
  5: required i64 timestamp
  6: optional bool isAligned
  7: optional bool isWriteToTable
  8: optional list<byte> columnCategoryies // spelt so on the wire's side of 2.x
}

struct TSInsertStringRecordReq {
  1: required i64 sessionId
  2: required string prefixPath
  3: required list<string> measurements
  4: required list<string> values
  5: required i64 timestamp
  6: optional bool isAligned
  7: optional i64 timeout
}

struct TSInsertTabletReq {
  1: required i64 sessionId
  2: required string prefixPath
  3: required list<string> measurements
  4: required binary values
  5: required binary timestamps
  6: required list<i32> types
  7: required i32 size
  8: optional bool isAligned
  9: optional bool writeToTable
  10: optional list<byte> columnCategories
  11: optional bool isCompressed
  12: optional list<byte> encodingTypes
  13: optional byte compressType
}

struct TSInsertTabletsReq {
  1: required i64 sessionId
  2: required list<string> prefixPaths
  3: required list<list<string>> measurementsList
  4: required list<binary> valuesList
  5: required list<binary> timestampsList
  6: required list<list<i32>> typesList
  7: required list<i32> sizeList
  8: optional bool isAligned
}

struct TSInsertRecordsReq {
  1: required i64 sessionId
  2: required list<string> prefixPaths
  3: required list<list<string>> measurementsList
  4: required list<binary> valuesList
  5: required list<i64> timestamps
  6: optional bool isAligned
}

struct TSInsertRecordsOfOneDeviceReq {
  1: required i64 sessionId
  2: required string prefixPath
  3: required list<list<string>> measurementsList
  4: required list<binary> valuesList
  5: required list<i64> timestamps
  6: optional bool isAligned
}

struct TSInsertStringRecordsReq {
  1: required i64 sessionId
  2: required list<string> prefixPaths
  3: required list<list<string>> measurementsList
  4: required list<list<string>> valuesList
  5: required list<i64> timestamps
  6: optional bool isAligned
}

struct TSInsertStringRecordsOfOneDeviceReq {
  1: required i64 sessionId
  2: required string prefixPath
  3: required list<list<string>> measurementsList
  4: required list<list<string>> valuesList
  5: required list<i64> timestamps
  6: optional bool isAligned
}

struct TSDeleteDataReq {
  1: required i64 sessionId
  2: required list<string> paths
  3: required i64 startTime // both ends inclusive
  4: required i64 endTime
}

// ---- schema -------------------------------------------------------------------

struct TSCreateTimeseriesReq {
  1: required i64 sessionId
  2: required string path
  3: required i32 dataType
  4: required i32 encoding
  5: required i32 compressor
  6: optional map<string, string> props
  7: optional map<string, string> tags
  8: optional map<string, string> attributes
  9: optional string measurementAlias
}

struct TSCreateAlignedTimeseriesReq {
  1: required i64 sessionId
  2: required string prefixPath
  3: required list<string> measurements
  4: required list<i32> dataTypes
  5: required list<i32> encodings
  6: required list<i32> compressors
  7: optional list<string> measurementAlias
  8: optional list<map<string, string>> tagsList
  9: optional list<map<string, string>> attributesList
}

struct TSCreateMultiTimeseriesReq {
  1: required i64 sessionId
  2: required list<string> paths
  3: required list<i32> dataTypes
  4: required list<i32> encodings
  5: required list<i32> compressors
  6: optional list<map<string, string>> propsList
  7: optional list<map<string, string>> tagsList
  8: optional list<map<string, string>> attributesList
  9: optional list<string> measurementAliasList
}

// ---- statements and queries -----------------------------------------------------

struct TSExecuteStatementReq {
  1: required i64 sessionId
  2: required string statement
  3: required i64 statementId
  4: optional i32 fetchSize
  5: optional i64 timeout // milliseconds
  6: optional bool enableRedirectQuery
  7: optional bool jdbcQuery
}

struct TSExecuteBatchStatementReq {
  1: required i64 sessionId
  2: required list<string> statements
}

struct TSRawDataQueryReq {
  1: required i64 sessionId
  2: required list<string> paths
  3: optional i32 fetchSize
  4: required i64 startTime // inclusive
  5: required i64 endTime   // exclusive
  6: required i64 statementId
  7: optional bool enableRedirectQuery
  8: optional bool jdbcQuery
  9: optional i64 timeout
  10: optional bool legalPathNodes
}

struct TSLastDataQueryReq {
  1: required i64 sessionId
  2: required list<string> paths
  3: optional i32 fetchSize
  4: required i64 time
  5: required i64 statementId
  6: optional bool enableRedirectQuery
  7: optional bool jdbcQuery
  8: optional i64 timeout
  9: optional bool legalPathNodes
}

struct TSFastLastDataQueryForOneDeviceReq {
  1: required i64 sessionId
  2: required string db
  3: required string deviceId
  4: required list<string> sensors
  5: optional i32 fetchSize
  6: required i64 statementId
  7: optional bool enableRedirectQuery
  8: optional bool jdbcQuery
  9: optional i64 timeout
  10: optional bool legalPathNodes
}

struct TSFastLastDataQueryForOnePrefixPathReq {
  1: required i64 sessionId
  2: required list<string> prefixes
  3: optional i32 fetchSize
  4: required i64 statementId
  5: optional bool enableRedirectQuery
  6: optional bool jdbcQuery
  7: optional i64 timeout
}

struct TSAggregationQueryReq {
  1: required i64 sessionId
  2: required i64 statementId
  3: required list<string> paths
  4: required list<i32> aggregations // 0 is COUNT
  5: optional i64 startTime
  6: optional i64 endTime
  7: optional i64 interval
  8: optional i64 slidingStep
  9: optional i32 fetchSize
  10: optional i64 timeout
  11: optional bool legalPathNodes
}

struct TSQueryDataSet {
  1: required binary time
  2: required list<binary> valueList
  3: required list<binary> bitmapList
}

struct TSExecuteStatementResp {
  1: required TSStatus status
  2: optional i64 queryId
  3: optional list<string> columns
  4: optional string operationType
  5: optional bool ignoreTimeStamp
  6: optional list<string> dataTypeList
  7: optional TSQueryDataSet queryDataSet
  9: optional map<string, i32> columnNameIndexMap
  10: optional list<string> sgColumns
  11: optional list<byte> aliasColumns
  13: optional list<binary> queryResult
  14: optional bool moreData
  15: optional string database
  16: optional bool tableModel
  17: optional list<i32> columnIndex2TsBlockColumnIndexList
}

struct TSFetchResultsReq {
  1: required i64 sessionId
  2: required string statement
  3: required i32 fetchSize
  4: required i64 queryId
  5: required bool isAlign
  6: optional i64 timeout
  7: optional i64 statementId
}

struct TSFetchResultsResp {
  1: required TSStatus status
  2: required bool hasResultSet
  3: required bool isAlign
  4: optional TSQueryDataSet queryDataSet
  6: optional list<binary> queryResult
  7: optional bool moreData
}

struct TSCancelOperationReq {
  1: required i64 sessionId
  2: required i64 queryId
}

struct TSCloseOperationReq {
  1: required i64 sessionId
  2: optional i64 queryId
  3: optional i64 statementId
}

struct TSFetchMetadataResp {
  1: required TSStatus status
  2: optional string metadataInJson
  3: optional list<string> columnsList
  4: optional string dataType
}

struct TSCreateSchemaTemplateReq {
  1: required i64 sessionId
  2: required string name
  3: required binary serializedTemplate
}

struct TSSetSchemaTemplateReq {
  1: required i64 sessionId
  2: required string templateName
  3: required string prefixPath
}

struct TSUnsetSchemaTemplateReq {
  1: required i64 sessionId
  2: required string prefixPath
  3: required string templateName
}

struct TSDropSchemaTemplateReq {
  1: required i64 sessionId
  2: required string templateName
}

struct TCreateTimeseriesUsingSchemaTemplateReq {
  1: required i64 sessionId
  2: required list<string> devicePathList
}

struct TSQueryTemplateReq {
  1: required i64 sessionId
  2: required string name
  3: required i32 queryType
  4: optional string measurement
}

struct TSQueryTemplateResp {
  1: required TSStatus status
  2: required i32 queryType
  3: optional bool result
  4: optional i32 count
  5: optional list<string> measurements
}

struct TShowConfigurationResp {
  1: required TSStatus status
  2: required string content
}

// ---- pipes --------------------------------------------------------------------

struct TPipeTransferReq {
  1: required byte version
  2: required i16 type
  3: required binary body
}

struct TPipeTransferResp {
  1: required TSStatus status
  2: optional binary body
}

struct TPipeSubscribeResp {
  1: required TSStatus status
  2: required byte version
  3: required i16 type
  4: optional list<binary> body
}

// ---- the service ----------------------------------------------------------------

service IClientRPCService {
  TSOpenSessionResp openSession(1: TSOpenSessionReq req)
  TSStatus closeSession(1: TSCloseSessionReq req)
  i64 requestStatementId(1: i64 sessionId)
  TSGetTimeZoneResp getTimeZone(1: i64 sessionId)
  TSStatus setTimeZone(1: TSSetTimeZoneReq req)
  ServerProperties getProperties()
  TSConnectionInfoResp fetchAllConnectionsInfo()
  TSBackupConfigurationResp getBackupConfiguration()
  TSStatus testConnectionEmptyRPC()

  TSStatus insertRecord(1: TSInsertRecordReq req)
  TSStatus insertStringRecord(1: TSInsertStringRecordReq req)
  TSStatus insertTablet(1: TSInsertTabletReq req)
  TSStatus insertTablets(1: TSInsertTabletsReq req)
  TSStatus insertRecords(1: TSInsertRecordsReq req)
  TSStatus insertRecordsOfOneDevice(1: TSInsertRecordsOfOneDeviceReq req)
  TSStatus insertStringRecords(1: TSInsertStringRecordsReq req)
  TSStatus insertStringRecordsOfOneDevice(1: TSInsertStringRecordsOfOneDeviceReq req)
  TSStatus deleteData(1: TSDeleteDataReq req)

  TSStatus setStorageGroup(1: i64 sessionId, 2: string storageGroup)
  TSStatus deleteStorageGroups(1: i64 sessionId, 2: list<string> storageGroup)
  TSStatus createTimeseries(1: TSCreateTimeseriesReq req)
  TSStatus createAlignedTimeseries(1: TSCreateAlignedTimeseriesReq req)
  TSStatus createMultiTimeseries(1: TSCreateMultiTimeseriesReq req)
  TSStatus deleteTimeseries(1: i64 sessionId, 2: list<string> path)
  TSStatus createSchemaTemplate(1: TSCreateSchemaTemplateReq req)
  TSStatus setSchemaTemplate(1: TSSetSchemaTemplateReq req)
  TSStatus unsetSchemaTemplate(1: TSUnsetSchemaTemplateReq req)
  TSStatus dropSchemaTemplate(1: TSDropSchemaTemplateReq req)
  TSStatus createTimeseriesUsingSchemaTemplate(1: TCreateTimeseriesUsingSchemaTemplateReq req)
  TSQueryTemplateResp querySchemaTemplate(1: TSQueryTemplateReq req)

  TSExecuteStatementResp executeStatement(1: TSExecuteStatementReq req)
  TSExecuteStatementResp executeStatementV2(1: TSExecuteStatementReq req)
  TSStatus executeBatchStatement(1: TSExecuteBatchStatementReq req)
  TSExecuteStatementResp executeRawDataQuery(1: TSRawDataQueryReq req)
  TSExecuteStatementResp executeLastDataQuery(1: TSLastDataQueryReq req)
  TSExecuteStatementResp executeFastLastDataQueryForOneDeviceV2(1: TSFastLastDataQueryForOneDeviceReq req)
  TSExecuteStatementResp executeFastLastDataQueryForOnePrefixPath(1: TSFastLastDataQueryForOnePrefixPathReq req)
  TSExecuteStatementResp executeAggregationQuery(1: TSAggregationQueryReq req)
  TSFetchResultsResp fetchResults(1: TSFetchResultsReq req)
  TSFetchResultsResp fetchResultsV2(1: TSFetchResultsReq req)
  TSStatus cancelOperation(1: TSCancelOperationReq req)
  TSStatus closeOperation(1: TSCloseOperationReq req)

  // The argument has no number here because it has none in IoTDB's IDL either: the
  // compiler then gives it -1, and that is what every pipe sink writes. With "1:"
  // the argument would be lost without an error.
  TPipeTransferResp pipeTransfer(TPipeTransferReq req)
}
