package rpc

import (
	"bytes"
	"context"
	"encoding/binary"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/apache/thrift/lib/go/thrift"

	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/rpc/gen"
	"github.com/sluice-gateway/sluice/internal/status"
)

// calls are a login and one call of most methods, to mutate.
func calls() map[string]writable {
	m := []string{"s"}
	return map[string]writable{
		"openSession":              &gen.IClientRPCServiceOpenSessionArgs{Req: loginReq("root", "root")},
		"insertTablet":             &gen.IClientRPCServiceInsertTabletArgs{Req: &gen.TSInsertTabletReq{PrefixPath: "root.a", Measurements: m, Types: []int32{1}, Size: 1, Values: make([]byte, 4), Timestamps: make([]byte, 8)}},
		"insertTablets":            &gen.IClientRPCServiceInsertTabletsArgs{Req: &gen.TSInsertTabletsReq{PrefixPaths: []string{"root.a"}, MeasurementsList: [][]string{m}, TypesList: [][]int32{{1}}, SizeList: []int32{1}, ValuesList: [][]byte{make([]byte, 4)}, TimestampsList: [][]byte{make([]byte, 8)}}},
		"insertRecords":            &gen.IClientRPCServiceInsertRecordsArgs{Req: &gen.TSInsertRecordsReq{PrefixPaths: []string{"root.a"}, MeasurementsList: [][]string{m}, ValuesList: [][]byte{{0, 1}}, Timestamps: []int64{1}}},
		"insertRecordsOfOneDevice": &gen.IClientRPCServiceInsertRecordsOfOneDeviceArgs{Req: &gen.TSInsertRecordsOfOneDeviceReq{PrefixPath: "root.a", MeasurementsList: [][]string{m}, ValuesList: [][]byte{{0, 1}}, Timestamps: []int64{1}}},
		"insertStringRecords":      &gen.IClientRPCServiceInsertStringRecordsArgs{Req: &gen.TSInsertStringRecordsReq{PrefixPaths: []string{"root.a"}, MeasurementsList: [][]string{m}, ValuesList: [][]string{m}, Timestamps: []int64{1}}},
		"createMultiTimeseries":    &gen.IClientRPCServiceCreateMultiTimeseriesArgs{Req: &gen.TSCreateMultiTimeseriesReq{Paths: []string{"root.a.b"}, DataTypes: []int32{1}, Encodings: []int32{0}, Compressors: []int32{0}, TagsList: []map[string]string{{"a": "b"}}}},
		"executeStatementV2":       &gen.IClientRPCServiceExecuteStatementV2Args{Req: ask("select ** from root", 1)},
		"fetchResults":             &gen.IClientRPCServiceFetchResultsArgs{Req: &gen.TSFetchResultsReq{QueryId: 3, FetchSize: 1}},
		"pipeTransfer":             &gen.IClientRPCServicePipeTransferArgs{Req: &gen.TPipeTransferReq{Version: 1, Type: 5, Body: []byte{1}}},
	}
}

type writable interface {
	Write(context.Context, thrift.TProtocol) error
}

// FuzzCall runs arbitrary messages through a connection: each ends it or is answered
// with one whole message.
func FuzzCall(f *testing.F) {
	for name, a := range calls() {
		for _, compact := range []bool{false, true} {
			f.Add(compact, encodeCall(f, compact, name, a)[4:])
		}
	}
	back := &fake{results: map[string]func() *result.Result{"select ** from root": func() *result.Result { return resultOf(sample(5), 2) }}}
	s, err := New(Config{}, Deps{Backend: back, Parse: parseSQL, Pipes: &pipes{answer: Answer{Code: status.Success}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, compact bool, payload []byte) {
		near, far := net.Pipe()
		defer near.Close()
		defer far.Close()
		c := newConn(s, near)
		defer c.end()
		c.compact = compact
		c.in, c.out = newProtocols(c.wire, compact, s.cfg.MaxFrame)
		c.setSession(&Session{ID: 1})
		for range 2 { // what the first leaves behind must not disturb the second
			c.wire.in, c.wire.pos, c.wire.out = payload, 0, make([]byte, 4)
			if err := c.call(context.Background()); err != nil {
				return
			}
			if len(c.wire.out) == 4 {
				continue // one-way
			}
			r, _ := newProtocols(&wire{in: c.wire.out, pos: 4}, compact, 1<<26)
			ctx := context.Background()
			_, typ, _, err := r.ReadMessageBegin(ctx)
			if err == nil && typ != thrift.EXCEPTION && typ != thrift.REPLY {
				t.Fatalf("message type %d", typ)
			}
			if err == nil {
				err = r.Skip(ctx, thrift.STRUCT)
			}
			if err != nil || r.w.left() != 0 {
				t.Fatalf("answer %x: %v, %d bytes left", c.wire.out, err, r.w.left())
			}
		}
		back.taken()
		back.mu.Lock()
		back.statements, back.sessions = nil, nil
		back.mu.Unlock()
		if bytes.HasPrefix(payload, binary.BigEndian.AppendUint32(nil, 0)) {
			t.Fatal("a message without a version was answered")
		}
	})
}

// TestGeneratedCode: package gen is what the IDL says. Needs the thrift compiler.
func TestGeneratedCode(t *testing.T) {
	if _, err := exec.LookPath("thrift"); err != nil {
		t.Skip("no thrift compiler; generate.sh says which")
	}
	dir := t.TempDir()
	if out, err := exec.Command("sh", filepath.Join("idl", "generate.sh"), dir).CombinedOutput(); err != nil {
		t.Skipf("generate.sh: %v: %s", err, out)
	}
	for _, name := range []string{"client.go", "client-consts.go", "GoUnusedProtection__.go"} {
		fresh, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		kept, err := os.ReadFile(filepath.Join("gen", name))
		if err != nil || !bytes.Equal(fresh, kept) {
			t.Errorf("gen/%s is not what the IDL generates; run idl/generate.sh (%v)", name, err)
		}
	}
}
