// Package interop tests the real binaries together with real peers: an Apache
// IoTDB 2.0.1-beta, the Go (1.3, 2.0), Python (1.3, 2.0) and Java clients, IoTDB's
// command line, and recorded sessions of IoTDB 1.3.7. Every byte between the two
// gateways goes through the gate simulator, and a case fails when the one-way law
// was broken.
//
//	(a) client ─► inner-gateway ═►│gate│═► IoTDB's air-gap receiver
//	(b) IoTDB's air-gap sink ═►│gate│═► outer-gateway
//	(c) recorded sessions ═►│gate│═► outer-gateway; thrift sessions ─► both gateways
//	(d) Go, Python and Java clients, command line ─► both gateways
//	(e) IoTDB ─► inner-gateway ═►│gate│═► outer-gateway ─► IoTDB, both gateways killed on the way
//	(g) TsFiles of ours, every type × encoding × compressor ─► LOAD and a pipe's seal ─► IoTDB
//	(t) TsFiles of the Java library are read here, TsFiles of ours by the Java library
//
// The tests have the build tag interop (make interop) and need a JDK, Maven and
// Python; what is missing makes them fail, not skip. SLUICE_BIN names the
// directory of the binaries.
package interop
