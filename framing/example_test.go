package framing_test

import (
	"bytes"
	"fmt"

	"github.com/sluice-gateway/sluice/framing"
)

// A payload built in place, framed, and read back; then its answer.
func Example() {
	frame := framing.Begin(nil, framing.Plain)
	frame = append(frame, "\x01\x00\x01\x00\x00\x00\x02ms"...)
	frame = framing.Finish(frame, framing.Plain)
	fmt.Printf("% x\n", frame)

	payload, wrap, err := framing.NewReader(bytes.NewReader(frame), framing.Limits{}).Next(nil)
	fmt.Printf("%q %v %v\n", payload, wrap, err)

	fmt.Printf("%02x %02x\n", framing.IoTDB.Byte(framing.OK), framing.IoTDB.Byte(framing.Fail))
	// Output:
	// 00 00 00 11 00 00 00 11 00 00 00 00 4d de ea 5b 01 00 01 00 00 00 02 6d 73
	// "\x01\x00\x01\x00\x00\x00\x02ms" plain <nil>
	// 00 ff
}
