package api

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// readLines reads everything; a line that was too long is "!".
func readLines(t *testing.T, in io.Reader, limit int) []string {
	t.Helper()
	r := newLineReader(in, limit)
	var out []string
	for {
		line, err := r.next()
		switch {
		case errors.Is(err, errLineTooLong):
			out = append(out, "!")
		case errors.Is(err, io.EOF):
			require.Equal(t, len(out)+1, r.number)
			return out
		default:
			require.NoError(t, err)
			out = append(out, string(line))
		}
	}
}

func TestLinesOfEveryLength(t *testing.T) {
	t.Parallel()
	long, longer := strings.Repeat("l", 3*lineBuffer), strings.Repeat("x", 9*lineBuffer)
	in := "a\n\nb\r\n" + long + "\n" + longer + "\r\nc\n" + longer
	for _, reader := range []io.Reader{strings.NewReader(in), iotest.HalfReader(strings.NewReader(in)), iotest.DataErrReader(strings.NewReader(in))} {
		require.Equal(t, []string{"a", "", "b", long, "!", "c", "!"}, readLines(t, reader, 4*lineBuffer))
	}
	require.Equal(t, []string{"last"}, readLines(t, strings.NewReader("last"), 10))
	require.Empty(t, readLines(t, strings.NewReader(""), 10))
	require.Equal(t, []string{"12345", "!", "12345"}, readLines(t, strings.NewReader("12345\n123456\n12345\r\n"), 5))
}

func TestALineThatIsTooLongIsNotBuffered(t *testing.T) {
	t.Parallel()
	r := newLineReader(io.LimitReader(endless{}, 200<<20), 1<<20)
	_, err := r.next()
	require.ErrorIs(t, err, errLineTooLong)
	require.LessOrEqual(t, cap(r.line), 4<<20)
	_, err = r.next()
	require.ErrorIs(t, err, io.EOF)
}

func TestABrokenStreamIsAnErrorAndNotAShortLine(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset")
	r := newLineReader(io.MultiReader(strings.NewReader("one\ntwo"), iotest.ErrReader(broken)), 100)
	line, err := r.next()
	require.NoError(t, err)
	require.Equal(t, "one", string(line))
	_, err = r.next()
	require.ErrorIs(t, err, broken)
	r = newLineReader(io.MultiReader(strings.NewReader(strings.Repeat("x", 2*lineBuffer)), iotest.ErrReader(broken)), 100)
	_, err = r.next()
	require.ErrorIs(t, err, broken)
}

// endless yields x for ever.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func FuzzLineReader(f *testing.F) {
	f.Add([]byte("a\nb\r\n\nc"), uint16(3))
	f.Add(bytes.Repeat([]byte("x"), 2*lineBuffer), uint16(10))
	f.Fuzz(func(t *testing.T, data []byte, small uint16) {
		limit := int(small) + 1
		var want []string
		rest := string(data)
		for rest != "" {
			var line string
			line, rest, _ = strings.Cut(rest, "\n")
			if line = strings.TrimSuffix(line, "\r"); len(line) > limit {
				line = "!"
			}
			want = append(want, line)
		}
		got := readLines(t, iotest.OneByteReader(bytes.NewReader(data)), limit)
		require.Equal(t, want, got)
	})
}

func FuzzDecodeObject(f *testing.F) {
	f.Add([]byte(`{"content":"x","tags":["a"],"metadata":{"k":1}}`))
	f.Add([]byte("{\"content\":\"\\u0000\",\"x\":\"\xff\"}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var fields documentBodyFields
		if err := decodeObject(data, &fields); err != nil {
			require.NotEqual(t, "internal", string(visible(err).Code), "%v", err)
			return
		}
		require.NotContains(t, fields.Content+fields.Title, "\x00")
	})
}
