package domain

import (
	"time"

	"github.com/google/uuid"
)

// Usage is what a tenant uses at this moment.
type Usage struct {
	Plan   Plan
	Limits Quota
	// Searches are those of the present day in UTC, as of some seconds ago.
	Documents, StorageBytes, Searches, APIKeys, Webhooks int64
	// SearchesLeased are those that count in the quota: servers lease searches before
	// they answer them.
	SearchesLeased int64
}

// Used returns how much of a quota is used. Of requests a minute nothing is known.
func (u *Usage) Used(name QuotaName) (used int64, known bool) {
	switch name {
	case QuotaDocuments:
		return u.Documents, true
	case QuotaStorageBytes:
		return u.StorageBytes, true
	case QuotaSearchesPerDay:
		return max(u.Searches, u.SearchesLeased), true
	case QuotaAPIKeys:
		return u.APIKeys, true
	case QuotaWebhooks:
		return u.Webhooks, true
	case QuotaRequestsPerMinute:
	}
	return 0, false
}

// UsageDay is what a tenant used on one day in UTC.
type UsageDay struct {
	Day time.Time // its beginning
	// Documents and StorageBytes are those at the end of the day.
	Documents, StorageBytes        int64
	Searches, Requests, Deliveries int64
}

// UsageCount is what a server has counted of a tenant on one day since it last told.
type UsageCount struct {
	TenantID           uuid.UUID
	Day                time.Time
	Searches, Requests int64
}

// SearchLease is a number of searches that one server may answer on one day.
type SearchLease struct {
	Day time.Time
	// Left is how long the day lasts.
	Left time.Duration
	// Granted is 0 when the quota of the day is used up.
	Granted int64
	// Limit is the quota of the day, 0 when there is none, and Used what is leased of it.
	Limit, Used int64
}
