package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// ownPrefixes start names that nobody else is likely to use.
var ownPrefixes = []string{
	"DATABASE_", "REDIS_", "CACHE_", "OTLP_", "TELEMETRY_", "ANALYTICS_", "SERVER_", "INDEX_",
	"EMBEDDINGS_", "CHUNK_", "MULTI_TENANT", "RUSTASSISTANT_",
}

// othersNames are left alone: Kubernetes adds REDIS_SERVICE_HOST, REDIS_PORT and
// REDIS_PORT_6379_TCP to every pod beside a service named redis.
var othersNames = regexp.MustCompile(`_SERVICE_(HOST|PORT)(_.*)?$|_PORT(_\d+_(TCP|UDP).*)?$|^TEMPORAL_(TLS|GRPC_META|CODEC|CLOUD|PROFILE|CONFIG)`)

// misspelled returns a warning for each variable that looks like one of ours and is not.
func misspelled(values map[string]string) []string {
	known := map[string]bool{"RUST_LOG": true}
	var names []string
	for _, v := range Variables() {
		known[v.Name] = true
		names = append(names, v.Name)
	}
	var warnings []string
	for name := range values {
		if known[name] || othersNames.MatchString(name) {
			continue
		}
		nearest, distance := nearestName(name, names)
		ours := slices.ContainsFunc(ownPrefixes, func(p string) bool { return strings.HasPrefix(name, p) })
		if ours || distance <= 2 && len(name) > 5 {
			warnings = append(warnings, fmt.Sprintf("%s is not a variable of this program and is ignored; did you mean %s?", name, nearest))
		}
	}
	slices.Sort(warnings)
	return warnings
}

// nearestName returns the known name that is closest to name. Words in common
// count before letters, the first word most: CACHE_TTL means CACHE_DEFAULT_TTL and
// OTLP_URL means OTLP_ENDPOINT.
func nearestName(name string, known []string) (nearest string, distance int) {
	best := 0
	for i, k := range known {
		d := editDistance(name, k)
		score := d - 4*wordsInCommon(name, k)
		if first, _, _ := strings.Cut(name, "_"); strings.HasPrefix(k, first+"_") {
			score -= 8
		}
		if i == 0 || score < best {
			nearest, distance, best = k, d, score
		}
	}
	return nearest, distance
}

func wordsInCommon(a, b string) int {
	words := strings.Split(b, "_")
	n := 0
	for w := range strings.SplitSeq(a, "_") {
		if slices.Contains(words, w) {
			n++
		}
	}
	return n
}

// editDistance is Levenshtein's, on bytes: names are ASCII.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
