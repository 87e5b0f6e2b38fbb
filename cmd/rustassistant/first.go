package main

import "errors"

// errEnough ends a list that would go on.
var errEnough = errors.New("enough")

// firstOf returns the first entries of a list, at most limit; never nil.
func firstOf[T any](limit int, list func(yield func(T) error) error) ([]T, error) {
	found := []T{}
	err := list(func(entry T) error {
		if found = append(found, entry); len(found) >= limit {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return found, err
}
