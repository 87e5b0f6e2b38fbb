package chunk

// A token is an estimate of what the tokenisers of embedding models count, made cheap enough to be used on every byte
// of every document:
//
//   - a run of letters, digits and underscores: one token for every 8 bytes begun ("index" 1, "documentation" 2);
//   - a character of three or more bytes (Chinese, Japanese, Korean, emoji, typographic signs): one token;
//   - a run of the same ASCII punctuation character: one token for every 16 begun ("{" 1, "-----" 1);
//   - a single white space: none; a longer run: one token for every 32 begun ("\n\n" 1, an indentation 1).
//
// On English prose and source code this is within about 15 % of cl100k_base. The estimate has no discount without
// bound (a megabyte of blanks is not free), so a limit in tokens is also a limit in bytes: at most 33 for each.
const (
	bytesPerWordToken  = 8
	bytesPerPunctToken = 16
	bytesPerSpaceToken = 32
)

type byteClass uint8

const (
	classSpace byteClass = iota
	classWord
	classPunct
	classWide // first byte of a character of three or four bytes
)

var byteClasses = func() (t [256]byteClass) {
	for b := range t {
		c := byte(b)
		switch {
		case c == ' ' || c >= '\t' && c <= '\r':
			t[b] = classSpace
		case c >= 0xE0:
			t[b] = classWide
		case c >= 0x80, c == '_', c >= '0' && c <= '9', c|0x20 >= 'a' && c|0x20 <= 'z':
			t[b] = classWord
		default:
			t[b] = classPunct
		}
	}
	return t
}()

// CountTokens estimates the number of tokens of s, which must be valid UTF-8. Joining two strings never gives more
// tokens than the sum of both, plus one where white space meets white space.
func CountTokens(s string) int {
	n, _ := tokensUpTo(s, len(s)+1)
	return n
}

// tokensUpTo counts the tokens of s, and stops when there are more than limit.
func tokensUpTo(s string, limit int) (n int, fits bool) {
	for i := 0; i < len(s); {
		var cost int
		i, cost = nextToken(s, i)
		n += cost
		if n > limit {
			return n, false
		}
	}
	return n, true
}

// nextToken returns the end of the run that starts at i, and its tokens.
func nextToken(s string, i int) (end, tokens int) {
	c := s[i]
	j := i + 1
	switch byteClasses[c] {
	case classWord:
		for j < len(s) && byteClasses[s[j]] == classWord {
			j++
		}
		return j, (j - i + bytesPerWordToken - 1) / bytesPerWordToken
	case classSpace:
		for j < len(s) && byteClasses[s[j]] == classSpace {
			j++
		}
		return j, (j - i - 1 + bytesPerSpaceToken - 1) / bytesPerSpaceToken
	case classPunct:
		for j < len(s) && s[j] == c {
			j++
		}
		return j, (j - i + bytesPerPunctToken - 1) / bytesPerPunctToken
	default:
		for j < len(s) && s[j]&0xC0 == 0x80 {
			j++
		}
		return j, 1
	}
}
