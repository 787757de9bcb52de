// Package plan reads, writes and interprets the plans that IoTDB pipes send: changes of
// the schema and deletions.
//
//	plan node    (type 100)  int16 number | fields | name id | int32 0
//	config plan  (type 200)  int16 number | fields
//
// Decode gives one struct per kind of plan; a number or a variant that is not known
// becomes an OpaquePlan with all its bytes. Every plan encodes itself again with
// AppendBody. Changes says what a plan does, whatever its form, for those who apply
// it; the functions named after statements (CreateTimeseriesPlan, DeleteDataPlan, ...)
// build the plans that SQL needs.
//
// Plans about users carry passwords: a Change never holds one, and no plan should be
// printed. The package applies nothing.
package plan
