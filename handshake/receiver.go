package handshake

import (
	"fmt"

	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/status"
)

// DefaultUser and DefaultPassword are what a V2 handshake without credentials
// stands for. They open the door only while nobody has changed that password.
const (
	DefaultUser     = "root"
	DefaultPassword = "root"
)

// V1Policy says what a receiver does with a V1 handshake, which carries neither
// password nor cluster id.
type V1Policy uint8

// The policies (setting v1-handshake).
const (
	AllowV1  V1Policy = iota // accepted, but never after a refused V2 on the same connection
	RefuseV1                 // always refused
)

// String returns the name that ParseV1Policy reads.
func (p V1Policy) String() string {
	switch p {
	case AllowV1:
		return "allow"
	case RefuseV1:
		return "refuse"
	}
	return fmt.Sprintf("V1Policy(%d)", uint8(p))
}

// ParseV1Policy is the inverse of String.
func ParseV1Policy(s string) (V1Policy, error) {
	switch s {
	case "allow":
		return AllowV1, nil
	case "refuse":
		return RefuseV1, nil
	}
	return RefuseV1, fmt.Errorf("handshake: v1-handshake is %q, want allow or refuse", s)
}

// ReceiverConfig says what a receiver checks.
type ReceiverConfig struct {
	ClusterID string // own cluster id; a sender with the same one is refused
	Precision string // own timestamp precision; another one is refused
	V1        V1Policy
	From      string // address of the sender, for Login; empty: not known

	// Login checks a user and password; its error should carry a status code. nil
	// accepts everybody. It is called for V2 only.
	Login func(Credentials) error
}

// Peer is what an accepted handshake told about the sender. It holds no password.
type Peer struct {
	Version            int  // 1 or 2
	Config             bool // a connection for config plans
	ClusterID          string
	User               string // empty after V1
	ConvertTypes       bool   // values may be converted to the type of an existing series
	ValidateTsFile     bool
	MarkAsPipeRequest  bool // treat what comes as a pipe's, not as a client's
	SkipIfNoPrivileges bool
	AsyncLoad          bool
}

// Decision is a receiver's answer to one handshake.
type Decision struct {
	Code   status.Code // Success, or what a thrift sender is told; on the gate anything else is FAIL
	Reason string      // one sentence, without the password
	Peer   Peer        // valid if Code is Success
}

// OK reports whether the handshake was accepted.
func (d *Decision) OK() bool { return d.Code == status.Success }

// Receiver is the machine of the receiving side, for one connection. It has no
// timer: how long a connection may stay without a handshake is for its owner.
type Receiver struct {
	cfg       ReceiverConfig
	refusedV2 bool
	open      bool
}

// NewReceiver returns a machine for one new connection.
func NewReceiver(cfg ReceiverConfig) *Receiver { return &Receiver{cfg: cfg} }

// Open reports whether the last handshake on this connection was accepted.
func (r *Receiver) Open() bool { return r.open }

// Step decides on one handshake request: its type and its
// body. The last decision counts: a refused handshake ends an open session.
func (r *Receiver) Step(t request.Type, body []byte) Decision {
	var d Decision
	switch t {
	case request.TypeHandshakeConfigV1, request.TypeHandshakeV1:
		d = r.stepV1(t, body)
	case request.TypeHandshakeConfigV2, request.TypeHandshakeV2:
		d = r.stepV2(t, body)
		r.refusedV2 = r.refusedV2 || !d.OK()
	default:
		d = refuse(status.PipeType, "request type %d is not a handshake", t)
	}
	r.open = d.OK()
	return d
}

func (r *Receiver) stepV1(t request.Type, body []byte) Decision {
	if r.cfg.V1 == RefuseV1 {
		return refuse(status.PipeHandshake, "handshake V1 is switched off here (v1-handshake=refuse)")
	}
	if r.refusedV2 {
		return refuse(status.PipeHandshake, "handshake V1 after a refused V2 on the same connection would get around the checks of V2")
	}
	precision, err := parseV1(body)
	if err != nil {
		return refuse(status.PipeHandshake, "handshake V1 cannot be read: %v", err)
	}
	if d := r.checkPrecision(precision); !d.OK() {
		return d
	}
	return Decision{Code: status.Success, Reason: "handshake V1 accepted",
		Peer: Peer{Version: 1, Config: t == request.TypeHandshakeConfigV1, ConvertTypes: true, ValidateTsFile: true, MarkAsPipeRequest: true}}
}

// stepV2 checks in the order of IoTDB: cluster id, precision, login, the rest.
func (r *Receiver) stepV2(t request.Type, body []byte) Decision {
	keys, err := parseV2(body)
	if err != nil {
		return refuse(status.PipeHandshake, "handshake V2 cannot be read: %v", err)
	}
	cluster, ok := keys[keyCluster]
	if !ok {
		return refuse(status.PipeHandshake, "handshake V2 has no clusterID")
	}
	if cluster == r.cfg.ClusterID {
		return refuse(status.PipeHandshake, "sender and receiver have the same cluster id %s: a pipe must not feed itself", cluster)
	}
	precision, ok := keys[keyPrecision]
	if !ok {
		return refuse(status.PipeHandshake, "handshake V2 has no timestampPrecision")
	}
	if d := r.checkPrecision(precision); !d.OK() {
		return d
	}
	user, err := r.login(keys)
	if err != nil {
		return refuse(loginCode(err), "login of %q failed: %s", user, status.Message(err))
	}
	if err := checkUserID(keys); err != nil {
		return refuse(status.PipeHandshake, "handshake V2 cannot be read: %v", err)
	}
	return Decision{Code: status.Success, Reason: "handshake V2 accepted", Peer: Peer{
		Version: 2, Config: t == request.TypeHandshakeConfigV2, ClusterID: cluster, User: user,
		ConvertTypes:       flag(keys, keyConvert, true),
		ValidateTsFile:     flag(keys, keyValidate, true),
		MarkAsPipeRequest:  flag(keys, keyMark, true),
		SkipIfNoPrivileges: flag(keys, keySkipIf, false),
		AsyncLoad:          keys[keyLoad] == "async",
	}}
}

func (r *Receiver) checkPrecision(p string) Decision {
	if p != r.cfg.Precision {
		return refuse(status.PipeHandshake, "the sender's timestamp precision is %q, here it is %q", p, r.cfg.Precision)
	}
	return Decision{Code: status.Success}
}

// login checks the credentials of a V2 body and returns the user's name.
func (r *Receiver) login(keys map[string]string) (string, error) {
	c := Credentials{User: DefaultUser, Password: DefaultPassword, Peer: r.cfg.From}
	if v, ok := keys[keyUser]; ok {
		c.User = v
	}
	if v, ok := keys[keyPassword]; ok {
		c.Password = v
	}
	if r.cfg.Login == nil {
		return c.User, nil
	}
	return c.User, r.cfg.Login(c)
}

// loginCode keeps the code of a failed login if it has one.
func loginCode(err error) status.Code {
	if c := status.Of(err); c != status.Internal {
		return c
	}
	return status.WrongPassword
}

func refuse(c status.Code, format string, args ...any) Decision {
	return Decision{Code: c, Reason: fmt.Sprintf(format, args...)}
}
