// Command bench measures the figures of the whole chain with the real binaries:
//
//	Go client ─► inner-gateway ═►│gate-simulator│═► outer-gateway
//
//	bench -bin bin                        everything
//	bench -bin bin -only latency,idle     some figures
//	bench -bin bin -only store            one gateway as a store, beside a real IoTDB
//
// Every figure uses ordinary telemetry (package telemetry). The rate is measured
// side by side with a real IoTDB 2.0.1-beta that the same client writes to; the two
// never run at the same time. Each run starts from empty directories; loops that are
// named "best of n" print every run.
//
// Figures whose target is missed are marked; they do not make the command fail, a
// broken one-way law or lost point does.
package main
