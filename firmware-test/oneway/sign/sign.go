package sign

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/sluice-gateway/sluice/firmware-test/oneway"
)

// A signed report is one JSON object:
//
//	{"report": {…}, "key": "base64 of the public key", "signature": "base64"}
//
// What is signed is the text below and the report without insignificant white
// space, so a signed report may be reformatted but not changed.
const signedText = "sluice oneway-prove report 1\n"

// Key files hold one line of these words and the base64 of the key: the seed of a
// private key, the public key of a public one.
const (
	privateWord = "oneway-prove-private-ed25519"
	publicWord  = "oneway-prove-public-ed25519"
)

// MaxReport is the longest signed report that is read, in bytes.
const MaxReport = 64 << 20

// What a check can find.
var (
	ErrSignature = errors.New("sign: the signature does not belong to this report")
	ErrKey       = errors.New("sign: the report is signed with another key")
)

// signed is the file format.
type signed struct {
	Report    json.RawMessage `json:"report"`
	Key       string          `json:"key"`
	Signature string          `json:"signature"`
}

// NewKey makes a key and returns the text of both key files.
func NewKey() (private, public string, err error) {
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", "", fmt.Errorf("sign: %w", err)
	}
	return keyLine(privateWord, priv.Seed()), keyLine(publicWord, pub), nil
}

func keyLine(word string, b []byte) string {
	return word + " " + base64.StdEncoding.EncodeToString(b) + "\n"
}

func parseKey(text, word string) ([]byte, error) {
	f := strings.Fields(text)
	if len(f) != 2 || f[0] != word {
		return nil, fmt.Errorf("sign: not a key file: expected %q and the key", word)
	}
	b, err := base64.StdEncoding.Strict().DecodeString(f[1])
	if err != nil || len(b) != ed25519.SeedSize { // a public key is as long as a seed
		return nil, errors.New("sign: the key file is damaged")
	}
	return b, nil
}

// ParsePrivate reads the text of a private key file.
func ParsePrivate(text string) (ed25519.PrivateKey, error) {
	b, err := parseKey(text, privateWord)
	if err != nil {
		return nil, err
	}
	return ed25519.NewKeyFromSeed(b), nil
}

// ParsePublic reads the text of a public key file.
func ParsePublic(text string) (ed25519.PublicKey, error) { return parseKey(text, publicWord) }

// Fingerprint returns a short name of a public key: the first 8 bytes of its SHA-256.
func Fingerprint(k ed25519.PublicKey) string {
	s := sha256.Sum256(k)
	return hex.EncodeToString(s[:8])
}

// Sign returns the report as a signed file.
func Sign(r *oneway.Report, k ed25519.PrivateKey) ([]byte, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	message, err := toSign(body)
	if err != nil {
		return nil, err
	}
	b, err := json.MarshalIndent(signed{
		Report:    body,
		Key:       base64.StdEncoding.EncodeToString(k.Public().(ed25519.PublicKey)),
		Signature: base64.StdEncoding.EncodeToString(ed25519.Sign(k, message)),
	}, "", " ")
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return append(b, '\n'), nil
}

// toSign puts the purpose in front of the report.
func toSign(body []byte) ([]byte, error) {
	c, err := canonical(body)
	return append([]byte(signedText), c...), err
}

// canonical removes white space. HTML characters are escaped as encoding/json
// does, so that writing the file changes nothing.
func canonical(text []byte) ([]byte, error) {
	var compact, escaped bytes.Buffer
	if err := json.Compact(&compact, text); err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	json.HTMLEscape(&escaped, compact.Bytes())
	return escaped.Bytes(), nil
}

// Verify checks a signed report and returns it with the key it is signed with.
// trusted may be nil: then any key will do, and the caller must compare the
// fingerprint himself.
func Verify(file []byte, trusted ed25519.PublicKey) (*oneway.Report, ed25519.PublicKey, error) {
	if len(file) > MaxReport {
		return nil, nil, fmt.Errorf("sign: a report of %d bytes, at most %d are read", len(file), MaxReport)
	}
	var s signed
	if err := json.Unmarshal(file, &s); err != nil {
		return nil, nil, fmt.Errorf("sign: not a signed report: %w", err)
	}
	// A field twice, in capitals or unknown would be read in one way here and in
	// another by another reader.
	again, err := json.Marshal(s)
	if err != nil {
		return nil, nil, fmt.Errorf("sign: not a signed report: %w", err)
	}
	if given, err := canonical(file); err != nil || !bytes.Equal(given, again) {
		return nil, nil, errors.New("sign: not a signed report: other fields than report, key and signature, in this order and once")
	}
	key, err := base64.StdEncoding.Strict().DecodeString(s.Key)
	if err != nil || len(key) != ed25519.PublicKeySize {
		return nil, nil, fmt.Errorf("%w: no public key in it", ErrSignature)
	}
	sig, err := base64.StdEncoding.Strict().DecodeString(s.Signature)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: no signature in it", ErrSignature)
	}
	message, err := toSign(s.Report)
	if err != nil {
		return nil, nil, err
	}
	if !ed25519.Verify(key, message, sig) {
		return nil, key, ErrSignature
	}
	if trusted != nil && !bytes.Equal(key, trusted) {
		return nil, key, fmt.Errorf("%w: %s, expected %s", ErrKey, Fingerprint(key), Fingerprint(trusted))
	}
	var r oneway.Report
	if err := json.Unmarshal(s.Report, &r); err != nil {
		return nil, key, fmt.Errorf("sign: %w", err)
	}
	return &r, key, nil
}

// Same reports how two reports about the same captures differ, "" = they do not.
// Names of files and the time of making are not compared.
func Same(a, b *oneway.Report) string {
	strip := func(r oneway.Report) []byte {
		r.Made, r.Files = a.Made, nil
		text, err := json.Marshal(r)
		if err != nil {
			return nil
		}
		return text
	}
	if a.Version != b.Version {
		return fmt.Sprintf("rules of version %s and %s", a.Version, b.Version)
	}
	if a.Verdict != b.Verdict {
		return fmt.Sprintf("verdict %q and %q", a.Verdict, b.Verdict)
	}
	if a.Totals != b.Totals {
		return fmt.Sprintf("totals %+v and %+v", a.Totals, b.Totals)
	}
	if !bytes.Equal(strip(*a), strip(*b)) {
		return "details of the reports"
	}
	return ""
}
