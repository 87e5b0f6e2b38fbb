package cache

import (
	"encoding/base64"
	"encoding/binary"
	"strconv"

	"github.com/google/uuid"
)

// Key names an answer.
type Key struct {
	Tenant uuid.UUID
	// Generation is that of the index snapshot that the answer comes from.
	Generation uint64
	// Scope separates kinds of answers and of callers, as in "search".
	Scope string
	// Hash is the SHA-256 of the canonical request.
	Hash [32]byte
}

// memoryKey is a Key without its generation.
type memoryKey struct {
	tenant uuid.UUID
	hash   [32]byte
	scope  string
}

func (k Key) memory() memoryKey {
	return memoryKey{tenant: k.Tenant, hash: k.Hash, scope: k.Scope}
}

// flight returns the name under which loads of the key are shared. All of the
// key is in it, so a load of an older generation is never joined.
func (k Key) flight() string {
	name := make([]byte, 0, len(k.Tenant)+8+len(k.Hash)+len(k.Scope))
	name = append(name, k.Tenant[:]...)
	name = binary.BigEndian.AppendUint64(name, k.Generation)
	name = append(name, k.Hash[:]...)
	return string(append(name, k.Scope...))
}

// redis returns the key's name in Redis: prefix, format, tenant, generation,
// scope, hash. Readable, so that an operator can find a tenant's keys.
func (k Key) redis(prefix string) string {
	name := make([]byte, 0, len(prefix)+128)
	name = append(append(name, prefix...), "c1:"...)
	name = append(append(name, k.Tenant.String()...), ':')
	name = append(strconv.AppendUint(name, k.Generation, 10), ':')
	name = append(append(name, k.Scope...), ':')
	return string(base64.RawURLEncoding.AppendEncode(name, k.Hash[:]))
}
