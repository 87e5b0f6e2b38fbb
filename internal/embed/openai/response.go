package openai

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"github.com/rustassistant/rustassistant/internal/chunk"
)

const (
	// maxDimensions is more than any model has; bytesPerNumber what a float takes
	// in JSON at most, with spaces around it.
	maxDimensions   = 8192
	bytesPerNumber  = 40
	responseHeadway = 64 << 10
)

// answer is what the model says of one text.
type answer struct {
	vector []float32 // of length 1; nil when there is none
	// final: asked again, the model would say the same. A vector that is not
	// finite is its text's fault where vectors beside it are fine; one that came
	// alone may have been the server's.
	final bool
}

// tokensOf estimates the tokens of a request.
func tokensOf(inputs ...string) int {
	n := 0
	for _, s := range inputs {
		n += chunk.CountTokens(s) + 2 // begin and end
	}
	return n
}

func maxResponseBytes(inputs, dims int) int64 {
	if dims == 0 {
		dims = maxDimensions
	}
	return responseHeadway + int64(inputs)*(int64(dims)*bytesPerNumber+1024)
}

type responseBody struct {
	Data []struct {
		Index     *int      `json:"index"`
		Embedding rawVector `json:"embedding"`
	} `json:"data"`
	Usage struct {
		TotalTokens int `json:"total_tokens"`
	} `json:"usage"`
}

// decode reads an answer for n texts. Every text must be there once, in any
// order, and every vector must have dims dimensions (or the same number, when
// dims is 0).
func decode(data []byte, n, dims int) (answers []answer, tokens int, err error) {
	var body responseBody
	if err := json.Unmarshal(data, &body); err != nil {
		return nil, 0, transient(CodeBadResponse, "the provider's answer is not the JSON of vectors")
	}
	if len(body.Data) != n {
		return nil, 0, transient(CodeBadResponse, fmt.Sprintf("the provider answered %d vectors for %d texts", len(body.Data), n))
	}
	answers = make([]answer, n)
	seen := make([]bool, n)
	bad := 0
	for _, d := range body.Data {
		if d.Index == nil || *d.Index < 0 || *d.Index >= n || seen[*d.Index] {
			return nil, 0, transient(CodeBadResponse, "the provider's vectors are not numbered one for each text")
		}
		seen[*d.Index] = true
		if d.Embedding.bad {
			bad++
			answers[*d.Index].final = n > 1
			continue
		}
		got := len(d.Embedding.numbers)
		if dims == 0 {
			dims = got
		}
		if got != dims || got == 0 || got > maxDimensions {
			return nil, 0, permanent(CodeWrongDims, fmt.Sprintf("the model answered a vector of %d dimensions where it has %d: "+
				"another model answers under its name, or EMBEDDINGS_DIMENSIONS is not supported by it", got, dims))
		}
		answers[*d.Index] = normalised(d.Embedding.numbers)
	}
	if bad == n && n > 1 {
		return nil, 0, transient(CodeBadResponse, "the provider answered with numbers that are not finite")
	}
	return answers, max(body.Usage.TotalTokens, 0), nil
}

// rawVector is a JSON array of numbers. An array with something in it that is no
// finite float32 is bad, not an error: the vectors beside it are paid for.
type rawVector struct {
	numbers []float32
	bad     bool
}

// UnmarshalJSON reads the array. encoding/json has checked the syntax.
func (v *rawVector) UnmarshalJSON(data []byte) error {
	data = bytes.TrimSpace(data)
	if len(data) < 2 || data[0] != '[' {
		v.bad = true
		return nil
	}
	data = bytes.TrimSpace(data[1 : len(data)-1])
	if len(data) == 0 {
		return nil
	}
	v.numbers = make([]float32, 0, bytes.Count(data, []byte{','})+1)
	for field := range bytes.SplitSeq(data, []byte{','}) {
		f, err := strconv.ParseFloat(string(bytes.TrimSpace(field)), 32)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			v.bad = true
			return nil
		}
		v.numbers = append(v.numbers, float32(f))
	}
	return nil
}

// normalised scales a vector to length 1. A zero vector has no direction: the
// model has nothing to say of the text.
func normalised(v []float32) answer {
	sum := 0.0
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	if sum == 0 || math.IsInf(sum, 0) {
		return answer{final: sum == 0}
	}
	scale := 1 / math.Sqrt(sum)
	for i, x := range v {
		v[i] = float32(float64(x) * scale)
	}
	return answer{vector: v, final: true}
}
