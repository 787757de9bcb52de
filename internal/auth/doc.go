// Package auth keeps the users of a gateway and checks their passwords.
//
//	users.json  {"version":1,"users":[{"name":"root","hash":"$2a$10$…"}]}
//
// The file holds bcrypt hashes only and is replaced in one durable step. A new
// data directory has the user root with the password root, as IoTDB; the gateway
// warns until it is changed. A running gateway sees a change of the file (made by
// gatectl) at the next login.
//
// bcrypt costs tens of milliseconds by design, and a sender that reconnects a
// thousand times a second would burn the machine with it. So a password that was
// right is remembered as a keyed hash until the file changes, and one that was
// wrong for a second.
//
// It knows no roles and no rights.
package auth
