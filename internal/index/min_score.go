package index

import "math"

// leastUnits returns the least score with which a keyword hit is in the list.
func (q *search) leastUnits() int64 {
	if q.request.MinScore == nil {
		return math.MinInt64
	}
	return least(*q.request.MinScore, 1/(weightFirst*q.scale), q.score)
}

// least returns the fewest units that are shown as at least score. unit is about
// what one of them is shown as.
func least(score, unit float64, shown func(units int64) float64) int64 {
	const most = 1 << 52 // beyond every score
	units := int64(max(-most, min(most, math.Ceil(score/unit))))
	for units > -most && shown(units-1) >= score {
		units--
	}
	for units < most && shown(units) < score {
		units++
	}
	return units
}

// vectorScore returns vectorUnits as they are shown.
func vectorScore(units int64) float64 { return float64(units) / vectorUnits }

// leastVectorUnits is leastUnits for the list that vectors have ranked.
func (q *search) leastVectorUnits() int64 {
	if q.request.MinScore == nil {
		return math.MinInt64
	}
	return least(*q.request.MinScore, 1.0/vectorUnits, vectorScore)
}
