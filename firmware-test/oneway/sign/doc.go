// Package sign makes and checks the signed reports of the prover: one JSON file with
// the report, a public key and an Ed25519 signature over the report. It knows nothing of
// how captures are judged.
package sign
