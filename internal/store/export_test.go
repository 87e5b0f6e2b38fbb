package store

// NotExported are the tables that exports leave out.
func NotExported() []string { return notExported }
