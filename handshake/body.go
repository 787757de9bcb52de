package handshake

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/wirebuf"
)

// The keys of a V2 body. Upper and lower case are as on the wire.
const (
	keyCluster   = "clusterID"
	keyPrecision = "timestampPrecision"
	keyConvert   = "convertOnTypeMismatch"
	keyLoad      = "loadTsFileStrategy"
	keyUser      = "username"
	keyPassword  = "password"
	keyValidate  = "validateTsFile"
	keyMark      = "markAsPipeRequest"
	keySkipIf    = "skipIf"
	keyUserID    = "userId"
)

// Caps of a received body; real ones have 2 to 11 keys of some tens of bytes.
const (
	maxKeys   = 64
	maxKey    = 256
	maxValue  = 4 << 10
	maxString = 64
)

// appendV1 appends the payload of a V1 request.
func (s *Sender) appendV1(dst []byte) []byte {
	t := request.TypeHandshakeV1
	if s.cfg.Config {
		t = request.TypeHandshakeConfigV1
	}
	return wirebuf.AppendString(request.AppendEnvelope(dst, t), s.cfg.Precision)
}

// appendV2 appends the payload of a V2 request, with the keys in the order in
// which IoTDB's own sender writes them: so the bytes are the same.
func (s *Sender) appendV2(dst []byte) []byte {
	t := request.TypeHandshakeV2
	if s.cfg.Config {
		t = request.TypeHandshakeConfigV2
	}
	var c Credentials
	if s.cfg.Keys <= Keys6 {
		c = Credentials{User: DefaultUser, Password: DefaultPassword}
		if s.cfg.Credentials != nil {
			c = s.cfg.Credentials()
		}
	}
	dst = request.AppendEnvelope(dst, t)
	order := keyOrder(s.cfg.Keys)
	dst = wirebuf.AppendCount(dst, len(order))
	for _, key := range order {
		dst = wirebuf.AppendString(dst, key)
		dst = wirebuf.AppendString(dst, s.value(key, c))
	}
	return dst
}

func keyOrder(k Keys) []string {
	switch k {
	case Keys2:
		return []string{keyPrecision, keyCluster}
	case Keys4:
		return []string{keyLoad, keyPrecision, keyConvert, keyCluster}
	case Keys6:
		return []string{keyLoad, keyPassword, keyPrecision, keyConvert, keyCluster, keyUser}
	}
	return []string{keyLoad, keyPassword, keyPrecision, keyConvert, keyValidate, keyCluster, keyMark, keyUser}
}

func (s *Sender) value(key string, c Credentials) string {
	switch key {
	case keyCluster:
		return s.cfg.ClusterID
	case keyPrecision:
		return s.cfg.Precision
	case keyConvert:
		return strconv.FormatBool(s.cfg.ConvertOnTypeMismatch)
	case keyLoad:
		return s.cfg.LoadTsFileStrategy
	case keyUser:
		return c.User
	case keyPassword:
		return c.Password
	case keyValidate:
		return strconv.FormatBool(s.cfg.ValidateTsFile)
	}
	return strconv.FormatBool(s.cfg.MarkAsPipeRequest)
}

// parseV1 reads the body of a V1 request: one string. Bytes after it are ignored.
func parseV1(body []byte) (string, error) {
	r := wirebuf.NewReader(body)
	precision := r.String(maxString, "bytes of timestamp precision")
	return precision, r.Err()
}

// parseV2 reads the body of a V2 request. A null value counts as an absent key; a
// key that comes twice has its last value, as in IoTDB.
func parseV2(body []byte) (map[string]string, error) {
	r := wirebuf.NewReader(body)
	n := r.Count(maxKeys, 8, "handshake keys")
	keys := make(map[string]string, n)
	for range n {
		k := r.NullString(maxKey, "bytes of a handshake key")
		v := r.NullString(maxValue, "bytes of a handshake value")
		if r.Failed() {
			return nil, r.Err()
		}
		if k == nil {
			return nil, errors.New("a handshake key is null")
		}
		if v == nil {
			delete(keys, *k)
			continue
		}
		keys[*k] = *v
	}
	return keys, r.Err()
}

func validPrecision(p string) bool { return p == "ms" || p == "us" || p == "ns" }

// flag reads a boolean value the way Java's parseBoolean does: "true" in any case
// is true, any other text false; an absent key is def.
func flag(keys map[string]string, key string, def bool) bool {
	v, ok := keys[key]
	if !ok {
		return def
	}
	return len(v) == 4 && (v[0]|0x20) == 't' && (v[1]|0x20) == 'r' && (v[2]|0x20) == 'u' && (v[3]|0x20) == 'e'
}

// checkUserID refuses a userId that is not a number, as IoTDB does.
func checkUserID(keys map[string]string) error {
	v, ok := keys[keyUserID]
	if !ok {
		return nil
	}
	if _, err := strconv.ParseInt(v, 10, 64); err != nil {
		return fmt.Errorf("userId %q is not a number", v)
	}
	return nil
}
