package domain

import (
	"fmt"
	"math"
)

// NoLimit is what a quota is set to that shall not limit, whatever the tier says.
const NoLimit = -1

// maxQuota bounds a quota, so that sums of counters and quotas stay far from overflow.
const maxQuota = math.MaxInt64 / 4

// QuotaName names what a quota limits.
type QuotaName string

// What is limited. Documents, their bytes, keys and webhooks are counted at any
// moment, searches by the day in UTC, requests by the minute.
const (
	QuotaDocuments         QuotaName = "documents"
	QuotaStorageBytes      QuotaName = "storage_bytes"
	QuotaSearchesPerDay    QuotaName = "searches_per_day"
	QuotaAPIKeys           QuotaName = "api_keys"
	QuotaWebhooks          QuotaName = "webhooks"
	QuotaRequestsPerMinute QuotaName = "requests_per_minute"
)

// QuotaNames lists them in the order of the documentation.
var QuotaNames = []QuotaName{
	QuotaDocuments, QuotaStorageBytes, QuotaSearchesPerDay, QuotaAPIKeys, QuotaWebhooks, QuotaRequestsPerMinute,
}

// Quota is what a tenant may have. A field that is nil is no limit in a tier and in
// the limits of a tenant; among a tenant's own overrides it is what the tier says.
// An override of NoLimit takes the tier's limit away.
type Quota struct {
	Documents         *int64 `json:"documents,omitempty"`
	StorageBytes      *int64 `json:"storage_bytes,omitempty"`
	SearchesPerDay    *int64 `json:"searches_per_day,omitempty"`
	APIKeys           *int64 `json:"api_keys,omitempty"`
	Webhooks          *int64 `json:"webhooks,omitempty"`
	RequestsPerMinute *int64 `json:"requests_per_minute,omitempty"`
}

// Of returns one quota.
func (q *Quota) Of(name QuotaName) *int64 { return *q.field(name) }

func (q *Quota) field(name QuotaName) **int64 {
	switch name {
	case QuotaDocuments:
		return &q.Documents
	case QuotaStorageBytes:
		return &q.StorageBytes
	case QuotaSearchesPerDay:
		return &q.SearchesPerDay
	case QuotaAPIKeys:
		return &q.APIKeys
	case QuotaWebhooks:
		return &q.Webhooks
	case QuotaRequestsPerMinute:
		return &q.RequestsPerMinute
	}
	panic("unknown quota " + string(name))
}

// IsZero reports whether no field is set.
func (q Quota) IsZero() bool { return q == Quota{} }

// Check says what is wrong with the overrides of a tenant, naming each field below
// prefix. It returns nil when nothing is.
func (q *Quota) Check(prefix string) []FieldError {
	var wrong []FieldError
	for _, name := range QuotaNames {
		v := q.Of(name)
		switch {
		case v == nil || *v >= 0 && *v <= maxQuota || *v == NoLimit:
			if name != QuotaRequestsPerMinute || v == nil || *v != 0 {
				continue
			}
			wrong = append(wrong, FieldError{Field: prefix + string(name), Message: "must be at least 1, or -1 for no limit; suspend the tenant to stop it"})
		case *v > maxQuota:
			wrong = append(wrong, FieldError{Field: prefix + string(name), Message: "is too large; use -1 for no limit"})
		default:
			wrong = append(wrong, FieldError{Field: prefix + string(name), Message: "must not be negative; use -1 for no limit and null for what the tier says"})
		}
	}
	return wrong
}

// Over returns the limits of a tenant: its overrides over those of its tier.
func (q *Quota) Over(tier *Quota) (limits Quota) {
	for _, name := range QuotaNames {
		v := q.Of(name)
		if v == nil {
			v = tier.Of(name)
		}
		if v != nil && *v != NoLimit {
			*limits.field(name) = v
		}
	}
	return limits
}

// QuotaLevel is how full a quota is. It is told when it rises.
type QuotaLevel int

// The levels.
const (
	QuotaBelow   QuotaLevel = 0
	QuotaWarning QuotaLevel = 1 // from 80 % on
	QuotaFull    QuotaLevel = 2 // from 100 % on
)

// LevelOf returns how full a quota is. One of nothing is full as soon as there is something.
func LevelOf(used, limit int64) QuotaLevel {
	switch {
	case used <= 0:
		return QuotaBelow
	case used >= limit:
		return QuotaFull
	case used >= limit-limit/5:
		return QuotaWarning
	default:
		return QuotaBelow
	}
}

// QuotaExcess tells which quota a request would have exceeded.
type QuotaExcess struct {
	Quota QuotaName
	// Limit and Used are in the quota's unit. Used is what there is without the request.
	Limit, Used int64
	// Reset is in how many seconds a quota of a day or minute starts anew; 0 for the others.
	Reset int
}

// quotaNouns say in errors what a quota counts.
var quotaNouns = map[QuotaName]string{
	QuotaDocuments: "documents", QuotaStorageBytes: "bytes of content", QuotaSearchesPerDay: "searches a day", QuotaAPIKeys: "API keys",
	QuotaWebhooks: "webhooks", QuotaRequestsPerMinute: "requests a minute",
}

var quotaHints = map[QuotaName]string{
	QuotaDocuments: "delete some or ask for another tier", QuotaStorageBytes: "delete documents or ask for another tier",
	QuotaSearchesPerDay: "the next day begins at midnight UTC", QuotaAPIKeys: "revoke one or ask for another tier",
	QuotaWebhooks: "delete one or ask for another tier", QuotaRequestsPerMinute: "wait for as long as Retry-After says",
}

// QuotaExceeded returns the error of a request that a quota has no room for.
func QuotaExceeded(x QuotaExcess) *Error {
	return &Error{
		Code: CodeQuotaExceeded, Excess: &x, RetryAfterSeconds: x.Reset,
		Message: fmt.Sprintf("this tenant may have %d %s and has %d; %s", x.Limit, quotaNouns[x.Quota], x.Used, quotaHints[x.Quota]),
	}
}
