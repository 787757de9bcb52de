package replay

import (
	"encoding/binary"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
)

func TestLoadRecordedRuns(t *testing.T) {
	fsys := os.DirFS("testdata/live")
	for _, c := range []struct {
		dir    string
		kind   Kind
		steps  int
		points int
	}{
		{"1.3.7-sql", AirGap, 53, 24}, {"1.3.7-tablets", AirGap, 36, 1708}, {"1.3.7-elang", AirGap, 36, 1708}, {"1.3.7-file", AirGap, 32, 1708},
		{"1.3.7-thrift-sync", Thrift, 0, 1708}, {"1.3.7-thrift-sql", Thrift, 0, 24}, {"1.3.7-thrift-batch", Thrift, 0, 1708}, {"1.3.7-thrift-lz4", Thrift, 0, 1708},
	} {
		r, err := Load(fsys, c.dir)
		if err != nil {
			t.Fatal(err)
		}
		if r.Kind != c.kind || len(r.Steps) < 20 || c.steps != 0 && len(r.Steps) != c.steps {
			t.Errorf("%s: kind %d, %d requests", c.dir, r.Kind, len(r.Steps))
		}
		bytes, last, conns := 0, map[string]bool{}, map[string]bool{}
		for _, s := range r.Steps {
			if last[s.Conn] {
				t.Errorf("%s: a request on %s after its last", c.dir, s.Conn)
			}
			bytes += len(s.Wire)
			last[s.Conn], conns[s.Conn] = s.Last, true
		}
		whole := int64(0)
		for conn := range conns {
			st, err := os.Stat("testdata/live/" + c.dir + "/" + conn + ".up")
			if err != nil || !last[conn] {
				t.Errorf("%s/%s: %v, ended %v", c.dir, conn, err, last[conn])
				continue
			}
			whole += st.Size()
		}
		if int64(bytes) != whole {
			t.Errorf("%s: %d of %d bytes are in requests", c.dir, bytes, whole)
		}
		p, err := Points(fsys, c.dir, "sender.txt")
		if err != nil || len(p) != c.points || !slices.IsSorted(p) {
			t.Errorf("%s: %d points, %v", c.dir, len(p), err)
		}
	}
	p, err := Points(fsys, "1.3.7-sql", "sender.txt")
	for _, want := range []string{"root.plant.b1.total -5 -9223372036854775808", "root.plant.b1.temp 1700000009000 NaN", "root.plant.`b-4`.`odd name` 1700000000000 4.5",
		"root.plant.b3.at 1700000000000 1709164800000", "root.plant.b3.raw 1700000000000 0x00ff10", "root.plant.b5.auto1 1700000000000 1"} {
		if !slices.Contains(p, want) {
			t.Errorf("%q is not among the points (%v):\n%s", want, err, strings.Join(p, "\n"))
		}
	}
}

func TestLoadRefusesWhatIsNoRun(t *testing.T) {
	good := "[1, \"up\", 0, 16]\n[2, \"down\", 0, 1]\n[3, \"up\", 16, \"EOF\"]\n"
	frame := "\x00\x00\x00\x08\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00"
	for name, files := range map[string]fstest.MapFS{
		"empty":       {},
		"no stream":   {"c001.log": {Data: []byte(good)}},
		"half a word": {"c001.log": {Data: []byte(good)}, "c001.up": {Data: []byte(frame + "\x00")}},
		"short":       {"c001.log": {Data: []byte(good)}, "c001.up": {Data: []byte("\x00\x00\x00\x09\x00\x00\x00\x09\x00\x00\x00\x00\x00\x00\x00\x00")}},
		"bad log":     {"c001.log": {Data: []byte("[1]\n")}, "c001.up": {Data: []byte(frame)}},
		"bad prefix":  {"c001.log": {Data: []byte(good)}, "c001.up": {Data: []byte("<!System=IoTDB")}},
	} {
		if _, err := Load(files, "."); err == nil {
			t.Errorf("%s: loaded", name)
		}
	}
	if r, err := Load(fstest.MapFS{"c001.log": {Data: []byte(good)}, "c001.up": {Data: []byte(frame)}}, "."); err != nil || len(r.Steps) != 1 || !r.Steps[0].Last {
		t.Errorf("%+v, %v", r, err)
	}
}

// receiver answers every request of a kind; the n-th with refuse if n is in bad.
func receiver(t *testing.T, k Kind, bad ...int) (addr string, seen func() int) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var work sync.WaitGroup
	n := 0
	work.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			work.Go(func() {
				defer c.Close()
				for {
					if !readRequest(c, k) {
						return
					}
					mu.Lock()
					refuse := slices.Contains(bad, n)
					n++
					mu.Unlock()
					c.Write(reply(k, refuse))
				}
			})
		}
	})
	t.Cleanup(func() { l.Close(); work.Wait() })
	return l.Addr().String(), func() int { mu.Lock(); defer mu.Unlock(); return n }
}

func readRequest(c net.Conn, k Kind) bool {
	var head [8]byte
	size := head[:]
	if k == Thrift {
		size = head[:4]
	}
	if _, err := io.ReadFull(c, size); err != nil {
		return false
	}
	extra := int64(0)
	if string(size) == "<!System" {
		if _, err := io.CopyN(io.Discard, c, prefixBytes-8); err != nil {
			return false
		}
		if _, err := io.ReadFull(c, size); err != nil {
			return false
		}
		extra = suffixBytes
	}
	_, err := io.CopyN(io.Discard, c, int64(binary.BigEndian.Uint32(size))+extra)
	return err == nil
}

func reply(k Kind, refuse bool) []byte {
	if k == AirGap {
		if refuse {
			return []byte{0xff}
		}
		return []byte{0}
	}
	code := uint32(200)
	if refuse {
		code = 1808
	}
	body := append([]byte(replyHead[:20]), 0, 0, 0, 9)
	body = append(body, replyHead[20:]...)
	body = append(binary.BigEndian.AppendUint32(body, code), 0, 0, 0)
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...)
}

func TestPlay(t *testing.T) {
	fsys := os.DirFS("testdata/live")
	for _, dir := range []string{"1.3.7-sql", "1.3.7-elang", "1.3.7-thrift-lz4"} {
		run, err := Load(fsys, dir)
		if err != nil {
			t.Fatal(err)
		}
		addr, seen := receiver(t, run.Kind, 5)
		calls := 0
		refused, err := run.Play(t.Context(), addr, func(int) { calls++ })
		want := map[Kind]string{AirGap: "ff", Thrift: "status 1808"}[run.Kind]
		if err != nil || len(refused) != 1 || refused[0].Step != 5 || refused[0].Answer != want || seen() != len(run.Steps) || calls != seen() {
			t.Errorf("%s: %v, %v; %d of %d requests seen", dir, refused, err, seen(), len(run.Steps))
		}
	}
}

func TestStatusOfOtherReplies(t *testing.T) {
	good := reply(Thrift, false)[4:]
	if s := status(good); s != "" {
		t.Errorf("success: %s", s)
	}
	for i := range good[:len(replyHead)+8] {
		bent := slices.Clone(good)
		bent[i] ^= 1
		if s := status(bent); s == "" && (i < 20 || i >= 24) {
			t.Errorf("byte %d bent, still a success", i)
		}
		if s := status(good[:i]); s == "" {
			t.Errorf("cut to %d bytes, still a success", i)
		}
	}
}
