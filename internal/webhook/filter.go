package webhook

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// Limits of an endpoint's filter: every event is compared with it in the
// transaction that writes the event.
const (
	maxFilterFields = 10
	maxFilterValues = 50 // of one field
	maxFilterBytes  = 4 << 10
)

// CheckFilter says what is wrong with a filter, in words that follow the field's
// name, or "". No filter is fine, an empty one is not: it looks like one that
// lets nothing through.
func CheckFilter(f domain.EventFilter) string {
	switch {
	case f == nil:
		return ""
	case len(f) == 0:
		return "names no field; use null for no filter"
	case len(f) > maxFilterFields:
		return fmt.Sprintf("names more than %d fields", maxFilterFields)
	}
	for _, field := range slices.Sorted(maps.Keys(f)) {
		if problem := checkFilterField(field, f[field]); problem != "" {
			return problem
		}
	}
	if text, err := json.Marshal(f); err != nil || len(text) > maxFilterBytes {
		return fmt.Sprintf("is longer than %d bytes", maxFilterBytes)
	}
	return ""
}

func checkFilterField(field string, values []any) string {
	switch {
	case !slices.Contains(filterFields(), field):
		return fmt.Sprintf("names the field %.60q, which no event has with a single value; there are %s", field, strings.Join(filterFields(), ", "))
	case len(values) == 0:
		return fmt.Sprintf("has no value for %s; list those to accept", field)
	case len(values) > maxFilterValues:
		return fmt.Sprintf("has more than %d values for %s", maxFilterValues, field)
	}
	for _, v := range values {
		switch v := v.(type) {
		case string, bool:
			continue
		case float64:
			if !math.IsInf(v, 0) && !math.IsNaN(v) {
				continue
			}
		}
		return fmt.Sprintf("has a value for %s that is neither text nor a number nor true or false", field)
	}
	return ""
}

// filterFields lists the fields of events that hold a single value.
var filterFields = sync.OnceValue(func() []string {
	fields := map[string]bool{}
	for i := range catalogue {
		var schema struct {
			Properties map[string]struct {
				Type any `json:"type"`
			} `json:"properties"`
		}
		if json.Unmarshal(catalogue[i].Schema, &schema) != nil {
			continue
		}
		for name, property := range schema.Properties {
			if property.Type != "array" && property.Type != "object" {
				fields[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(fields))
})
