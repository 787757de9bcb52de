// Package auth keeps the users of a gateway and checks their passwords.
package auth
