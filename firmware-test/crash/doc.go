// Command crash runs the real binaries under load, kills them with kill -9 and cuts
// the gate at random, and then compares what both gateways hold with a model.
//
//	writers ─► inner-gateway ═►│gate-simulator│═► outer-gateway
//	   └── model ◄── compared with ── inner, outer ──┘
//
//	crash -bin bin -seed 1 -rounds 20
//
// A round: four writers insert, overwrite and delete on devices of their own,
// through client sessions, pipe requests and sealed TsFiles, while gateways flush,
// die and come back and the gate loses connections and answers. A writer repeats an operation
// until it is acknowledged, or gives a first insert up for good: then its rows may
// be there, all or none. After the round every acknowledged point must be there
// once with its value, what was deleted or overwritten must stay so, and nothing
// else may be there, on both sides. The data directories live on from round to
// round, and at the end all rounds are compared once more.
//
// Round r of seed s does what round 0 of seed s+r does, so the round that failed
// can be run alone; only the timing of the machine differs.
package main
