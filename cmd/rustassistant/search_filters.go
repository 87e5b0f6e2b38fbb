package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// comparisons are what a --filter may have between field and value, the longer ones
// first, with the operator of the API; "" is equality.
var comparisons = []struct{ text, operator string }{
	{"!=", "not_in"}, {">=", "gte"}, {"<=", "lte"}, {">", "gt"}, {"<", "lt"}, {"=", ""},
}

// parseFilters reads field=value, and field>=value and the like. A value of metadata that looks like a number or a
// truth value is one; quotes make it a string.
func parseFilters(filters []string) (map[string]any, error) {
	equal, conditions := map[string]any{}, map[string]map[string]any{}
	for _, f := range filters {
		field, operator, value, err := splitFilter(f)
		if err != nil {
			return nil, err
		}
		if operator != "" {
			if conditions[field] == nil {
				conditions[field] = map[string]any{}
			}
			into := conditions[field]
			if operator == "not_in" {
				all, _ := into[operator].([]any)
				value = append(all, value)
			} else if into[operator] != nil {
				return nil, fmt.Errorf("--filter %q is given twice", field)
			}
			into[operator] = value
			continue
		}
		switch before := equal[field].(type) {
		case nil:
			equal[field] = value
		case []any:
			equal[field] = append(before, value)
		default:
			if strings.HasPrefix(field, "date_") {
				return nil, errors.New("--filter " + field + " is given twice")
			}
			equal[field] = []any{before, value}
		}
	}
	for field, c := range conditions {
		if value := equal[field]; value != nil {
			c["in"] = value
		}
		equal[field] = c
	}
	return equal, nil
}

func splitFilter(f string) (field, operator string, value any, err error) {
	at := strings.IndexAny(f, "!<>=")
	if at > 0 {
		for _, c := range comparisons {
			text, ok := strings.CutPrefix(f[at:], c.text)
			if !ok || text == "" {
				continue
			}
			field = f[:at]
			var scalar any
			if strings.HasPrefix(field, "metadata.") && json.Unmarshal([]byte(text), &scalar) == nil && scalar != nil {
				return field, c.operator, scalar, nil
			}
			return field, c.operator, text, nil
		}
	}
	return "", "", nil, fmt.Errorf("--filter %q is not of the form field=value, also with !=, >, >=, < or <=", f)
}
