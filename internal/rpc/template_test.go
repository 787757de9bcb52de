package rpc

import (
	"encoding/hex"
	"reflect"
	"testing"

	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// TestReadTemplate reads what the session of IoTDB 2.0.1-beta serializes.
func TestReadTemplate(t *testing.T) {
	columns := []sql.AlignedColumn{
		{Schema: tablet.Schema{Name: "i", Type: tablet.Int32, Encoding: tablet.RLE, Compressor: tablet.LZ4}},
		{Schema: tablet.Schema{Name: "dd", Type: tablet.Double, Encoding: tablet.Gorilla, Compressor: tablet.Snappy}},
	}
	for text, aligned := range map[string]bool{
		"00000002546a00000000000000000001690102070000000000000000026464040801": false,
		"00000002546a01000000000100000001690102070000000001000000026464040801": true,
	} {
		b, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		got, err := readTemplate(b)
		if want := (&sql.CreateTemplate{Name: "Tj", Aligned: aligned, Columns: columns}); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, %v", got, err)
		}
		whole := map[int]bool{7: true, 20: true} // without its last measurements it is a template, too
		for n := range b {
			if _, err := readTemplate(b[:n]); (err == nil) != whole[n] {
				t.Errorf("%d bytes: %v", n, err)
			}
		}
		for i := range b {
			for bit := range 8 {
				b[i] ^= 1 << bit
				_, _ = readTemplate(b)
				b[i] ^= 1 << bit
			}
		}
	}
	below, _ := hex.DecodeString("00000002546a0000000001610000000001690102" + "07")
	if _, err := readTemplate(below); status.Of(err) != status.Unsupported {
		t.Errorf("a measurement below another: %v", err)
	}
}
