package audit

import "strings"

// Masked stands for a secret.
const Masked = "******"

// IsSecret reports whether the name of a setting or attribute says that its value
// must not be shown: it contains password, passwd, passphrase, pwd, secret, token,
// credential, private, or a key that opens something, in any case.
func IsSecret(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"password", "passwd", "passphrase", "pwd", "secret", "token", "credential", "private",
		"access-key", "access_key", "accesskey", "api-key", "api_key", "apikey", "identified"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// MaskText takes secrets out of a value that may be a connection string: the
// password in scheme://user:password@host, and all of a text that assigns something
// to a name that IsSecret (Server=x;Password=y). Other texts stay as they are.
func MaskText(text string) string {
	if !strings.ContainsAny(text, "=:") {
		return text
	}
	for rest, at := text, 0; ; {
		i := strings.IndexAny(rest, "=:")
		if i < 0 {
			break
		}
		name := strings.TrimRight(rest[:i], " \t\"'")
		if from := strings.LastIndexAny(name, " \t\r\n;,&?{([\"'"); IsSecret(name[from+1:]) {
			return text[:at+i+1] + Masked
		}
		at += i + 1
		rest = rest[i+1:]
	}
	return maskURL(text, "")
}

// MaskURL masks the password of each scheme://user:password@host in a message.
func MaskURL(text string) string { return maskURL(text, " \t\r\n\"'`<>,;") }

// maskURL takes all up to one of the bytes of ends, or the next URL, for one URL.
func maskURL(text, ends string) string {
	out := ""
	for {
		before, rest, ok := strings.Cut(text, "://")
		if !ok {
			return out + text
		}
		out += before + "://"
		n := len(rest)
		if i := strings.Index(rest, "://"); i >= 0 {
			n = i
		}
		if i := strings.IndexAny(rest[:n], ends); i >= 0 {
			n = i
		}
		end := strings.LastIndexByte(rest[:n], '@')
		if colon := strings.IndexByte(rest[:n], ':'); colon >= 0 && colon < end {
			out += rest[:colon+1] + Masked
			rest = rest[end:]
		}
		text = rest
	}
}
