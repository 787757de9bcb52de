// Package auth keeps the users of a gateway and checks their passwords.
//
// The users file is JSON, mode 0600, replaced in one durable step:
//
//	{"version": 2,
//	 "users": {"root": {"bcrypt": "$2a$10$...", "changed": false},
//	           "anna": {"bcrypt": "$2a$10$...", "changed": true, "global": "USE_PIPE", "roles": ["reader"],
//	                    "paths": [{"path": "root.a.**", "privileges": "READ_DATA,WRITE_DATA", "grant": "READ_DATA"}]}},
//	 "roles": {"reader": {"paths": [{"path": "root.**", "privileges": "READ_DATA"}]}}}
//
// Version 1 had neither roles nor grants and is read. The user root may do everything.
// Rights holds what one user may do by its own grants and those of its roles; Apply
// changes users, roles and grants with IoTDB's rules and status codes.
//
// A new file has the user root with the password root, as IoTDB; DefaultPassword
// tells the daemon to warn until that changes.
//
// Another process (gatectl passwd) may replace the file while a gateway runs: each
// login looks at its time and reads it again when that changed. Sessions that are open stay open.
//
// bcrypt is slow on purpose, and a sender of IoTDB 1.3 may make hundreds of
// handshakes a second. So verdicts are remembered, positive and negative: as a keyed
// hash (HMAC-SHA256, key drawn at the start) of name and password, never the password
// itself. Comparisons take constant time, an unknown user costs what a wrong password
// costs, and at most one bcrypt runs at a time: guessing is slow however many
// connections try.
//
// What it does not do: decide which privilege a statement needs (package exec does), and
// lock accounts.
package auth
