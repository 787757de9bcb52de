// Package event defines what flows through a gateway: a tablet, a schema or
// delete plan, a sealed file, or a request that is kept but not applied. Every
// record of the commit log holds one event; every pipe reads them in log order.
//
//	record payload = version(1) kind(1) flags(1) reserved(1) body
//	  Tablet  body   device, aligned, times, typed columns (layout: appendTablet)
//	  Plan    body   int16 request type (100 or 200), then the body of that pipe request
//	  File    body   names, lengths, checksums and parameters (appendSealed); the bytes stay in a file of their own
//	  Kept    body   int16 request type, then the body of that pipe request
//
// Schema changes and deletions are kept in the form in which IoTDB itself sends
// them (Plan): what came from a real IoTDB leaves unchanged, and SQL typed here
// becomes the same bytes.
package event
