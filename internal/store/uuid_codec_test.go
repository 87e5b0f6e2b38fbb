package store

import (
	"bytes"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
	"pgregory.net/rapid"
)

// What the fast plans write is byte for byte what pgx writes for the same values
// the slow way, and is read back as it was.
func TestUUIDsAreWrittenAsPgxWritesThem(t *testing.T) {
	t.Parallel()
	slow := pgtype.NewMap()
	rapid.Check(t, func(t *rapid.T) {
		ids := make([]uuid.UUID, rapid.IntRange(0, 20).Draw(t, "ids"))
		raw := make([][16]byte, len(ids))
		for i := range ids {
			copy(ids[i][:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "bytes"))
			raw[i] = ids[i]
		}
		got, err := uuidArrayPlan{}.Encode(ids, []byte("before"))
		if err != nil {
			t.Fatal(err)
		}
		want, err := slow.Encode(pgtype.UUIDArrayOID, pgtype.BinaryFormatCode, raw, []byte("before"))
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("wrote % x, pgx writes % x (%v)", got, want, err)
		}
		for i, id := range ids {
			one, err := uuidPlan{}.Encode(id, nil)
			if err != nil || !bytes.Equal(one, raw[i][:]) {
				t.Fatalf("wrote % x of % x (%v)", one, raw[i], err)
			}
			var back uuid.UUID
			if err := (uuidPlan{}).Scan(one, &back); err != nil || back != id {
				t.Fatalf("read %s of %s (%v)", back, id, err)
			}
		}
	})
	if got, err := (uuidArrayPlan{}).Encode([]uuid.UUID(nil), nil); got != nil || err != nil {
		t.Fatalf("a list that is nil is NULL, not % x (%v)", got, err)
	}
	if err := (uuidPlan{}).Scan([]byte("short"), new(uuid.UUID)); err == nil {
		t.Fatal("five bytes were read as a UUID")
	}
}
