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

var recorded = []struct {
	dir            string
	kind           Kind
	steps          int // 0: not counted
	sender, result int // rows of sender.txt and receiver.txt
}{
	{"1.3.7-sql", AirGap, 53, 11, 11}, {"1.3.7-tablets", AirGap, 36, 382, 382}, {"1.3.7-elang", AirGap, 36, 382, 382}, {"1.3.7-file", AirGap, 32, 382, 301},
	{"1.3.7-thrift-sync", Thrift, 0, 382, 382}, {"1.3.7-thrift-sql", Thrift, 0, 11, 11}, {"1.3.7-thrift-batch", Thrift, 0, 382, 393}, {"1.3.7-thrift-lz4", Thrift, 0, 382, 393},
}

func TestLoadRecordedRuns(t *testing.T) {
	fsys := os.DirFS("testdata/live")
	for _, c := range recorded {
		for _, order := range []Order{BySent, ByAnswered} {
			r, err := Load(fsys, c.dir, order)
			if err != nil {
				t.Fatal(err)
			}
			if r.Kind != c.kind || len(r.Steps) < 20 || c.steps != 0 && len(r.Steps) != c.steps {
				t.Errorf("%s: kind %d, %d requests", c.dir, r.Kind, len(r.Steps))
			}
			checkSteps(t, c.dir, r, order)
		}
		for file, rows := range map[string]int{"sender.txt": c.sender, "receiver.txt": c.result} {
			p, err := Rows(fsys, c.dir, file)
			if err != nil || len(p) != rows || !slices.IsSorted(p) {
				t.Errorf("%s/%s: %d rows, %v", c.dir, file, len(p), err)
			}
		}
	}
	p, err := Rows(fsys, "1.3.7-sql", "sender.txt")
	all := strings.Join(p, "\n")
	for _, want := range []string{"Device=root.plant.b1 Time=-5 `odd name`=null at=null auto1=null count=-1", "Time=1700000009000", "temp=NaN", "total=-9223372036854775808",
		"`odd name`=4.5", "at=1709164800000", "raw=0x00ff10", "str=中文 text", "auto1=1 "} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not in the rows (%v):\n%s", want, err, all)
		}
	}
	devices, err := Listing(fsys, "1.3.7-sql", "receiver-devices.txt")
	if err != nil || !slices.Contains(devices, "Device=root.plant.tpl.m1 IsAligned=false TTL(ms)=360000000000000 Template=t1") {
		t.Errorf("devices %q, %v", devices, err)
	}
}

// checkSteps: every byte is in one request, the requests of a connection keep their
// order, and the times that decide ascend.
func checkSteps(t *testing.T, dir string, r *Run, order Order) {
	t.Helper()
	streams, ended := map[string]string{}, map[string]bool{}
	before := 0.0
	for i, s := range r.Steps {
		at := map[Order]float64{BySent: s.Sent, ByAnswered: s.Answered}[order]
		if ended[s.Conn] || at < before || s.Answered < s.Sent {
			t.Errorf("%s: request %d on %s, sent %f, answered %f after one of %f (ended %v)", dir, i, s.Conn, s.Sent, s.Answered, before, ended[s.Conn])
		}
		before = at
		streams[s.Conn] += string(s.Wire)
		ended[s.Conn] = s.Last
	}
	for conn, stream := range streams {
		up, err := os.ReadFile("testdata/live/" + dir + "/" + conn + ".up")
		if err != nil || stream != string(up) || !ended[conn] {
			t.Errorf("%s/%s: %v, %d of %d bytes, ended %v", dir, conn, err, len(stream), len(up), ended[conn])
		}
	}
}

// TestOrders: the four requests of which the order decides what is left.
func TestOrders(t *testing.T) {
	for order, want := range map[Order]string{BySent: "c006 c005 c007 c008", ByAnswered: "c007 c008 c006 c005"} {
		run, err := Load(os.DirFS("testdata/live"), "1.3.7-file", order)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range run.Steps {
			seal := strings.Contains(string(s.Wire), "root.tab-2-0-") && len(s.Wire) < 100
			deletion := strings.Contains(string(s.Wire), "root.tab.d2.**")
			if seal || deletion {
				got = append(got, s.Conn)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("order %d: %v, want %s", order, got, want)
		}
	}
}

func TestLoadRefusesWhatIsNoRun(t *testing.T) {
	good := "[1, \"up\", 0, 16]\n[2, \"down\", 0, 1]\n[3, \"up\", 16, \"EOF\"]\n"
	frame := "\x00\x00\x00\x08\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00"
	for name, files := range map[string]fstest.MapFS{
		"empty":       {},
		"no stream":   {"c001.log": {Data: []byte(good)}, "c001.down": {}},
		"no answers":  {"c001.log": {Data: []byte(good)}, "c001.up": {Data: []byte(frame)}},
		"half a word": {"c001.down": {}, "c001.log": {Data: []byte(good)}, "c001.up": {Data: []byte(frame + "\x00")}},
		"short":       {"c001.down": {}, "c001.log": {Data: []byte(good)}, "c001.up": {Data: []byte("\x00\x00\x00\x09\x00\x00\x00\x09\x00\x00\x00\x00\x00\x00\x00\x00")}},
		"bad log":     {"c001.down": {}, "c001.log": {Data: []byte("[1]\n")}, "c001.up": {Data: []byte(frame)}},
		"bad prefix":  {"c001.down": {}, "c001.log": {Data: []byte(good)}, "c001.up": {Data: []byte("<!System=IoTDB")}},
	} {
		if _, err := Load(files, ".", BySent); err == nil {
			t.Errorf("%s: loaded", name)
		}
	}
	if r, err := Load(fstest.MapFS{"c001.log": {Data: []byte(good)}, "c001.up": {Data: []byte(frame)}, "c001.down": {Data: []byte{0}}}, ".", BySent); err != nil || len(r.Steps) != 1 || !r.Steps[0].Last {
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
		run, err := Load(fsys, dir, BySent)
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
