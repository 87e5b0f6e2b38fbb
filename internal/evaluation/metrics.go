package evaluation

import (
	"math"
	"slices"
)

// Judgements are the relevances of documents to one query, by the documents' ids. 0 and below mean not relevant.
type Judgements map[string]int

// Relevant is the number of relevant documents.
func (j Judgements) Relevant() int {
	n := 0
	for _, rel := range j {
		if rel > 0 {
			n++
		}
	}
	return n
}

// NDCG is the discounted cumulative gain of the first k results over that of the best order possible: each result adds
// its relevance divided by log2(rank+1). A document that appears again adds nothing. It is 0 without relevant documents.
func NDCG(ranking []string, judged Judgements, k int) float64 {
	ideal := make([]int, 0, len(judged))
	for _, rel := range judged {
		if rel > 0 {
			ideal = append(ideal, rel)
		}
	}
	if len(ideal) == 0 {
		return 0
	}
	slices.SortFunc(ideal, func(a, b int) int { return b - a })
	best := 0.0
	for i, rel := range ideal[:min(k, len(ideal))] {
		best += gain(rel, i)
	}
	got := 0.0
	seen := make(map[string]bool, k)
	for i, id := range ranking[:min(k, len(ranking))] {
		if rel := judged[id]; rel > 0 && !seen[id] {
			got += gain(rel, i)
			seen[id] = true
		}
	}
	return got / best
}

func gain(relevance, index int) float64 {
	return float64(relevance) / math.Log2(float64(index)+2)
}

// Recall is the share of the relevant documents among the first k results; 0 without relevant documents.
func Recall(ranking []string, judged Judgements, k int) float64 {
	relevant := judged.Relevant()
	if relevant == 0 {
		return 0
	}
	found := map[string]bool{}
	for _, id := range ranking[:min(k, len(ranking))] {
		if judged[id] > 0 {
			found[id] = true
		}
	}
	return float64(len(found)) / float64(relevant)
}
