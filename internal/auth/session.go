package auth

import "crypto/sha256"

// NewSessionToken returns a dashboard session's opaque token of 256 random bits,
// for the cookie, and its hash, for the store.
func NewSessionToken() (token string, hash Hash) {
	token = randomBase62()
	return token, sha256.Sum256([]byte(token))
}

// HashSessionToken returns the hash to find a session by. It reports false for
// text that NewSessionToken cannot have made, so that it costs no lookup.
func HashSessionToken(token string) (Hash, bool) {
	if len(token) != secretChars {
		return Hash{}, false
	}
	for i := range len(token) {
		if !isBase62(token[i]) {
			return Hash{}, false
		}
	}
	return sha256.Sum256([]byte(token)), true
}
