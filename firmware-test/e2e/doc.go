// Command e2e runs the whole product in three network namespaces and lets the
// prover judge what crossed the two cables.
//
//	namespace inner            namespace gate                 namespace outer
//	inner-gateway              gate-simulator                 outer-gateway
//	10.90.1.2 ═══ inner ═══ 10.90.1.1 │ 10.90.2.1 ═══ outer ═══ 10.90.2.2
//	              ▲ captured here                   ▲ and here      scanner
//
// The simulator is the only path: nothing is forwarded, and packets that reach the
// gate from the outer cable for an address of the inner one end there. The captures
// are taken by oneway-prove record, stay in the output folder, and must be judged
// as passed, with the scan listed as attempts of the outer side.
//
// It needs Linux, root and the command ip, and removes the namespaces in any case.
// There are no delays of a network in it; those of a gate are the simulator's.
package main
