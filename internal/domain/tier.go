package domain

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Tier is a plan of quotas.
type Tier string

// The tiers.
const (
	TierFree       Tier = "free"
	TierStandard   Tier = "standard"
	TierEnterprise Tier = "enterprise"
	// TierUnlimited has no limits, and costs nothing to keep to.
	TierUnlimited Tier = "unlimited"
)

// TierNames lists the tiers from the smallest on.
var TierNames = []Tier{TierFree, TierStandard, TierEnterprise, TierUnlimited}

// CheckTier says what is wrong with a tier's name, in words that follow the field's
// name, or "".
func CheckTier(t Tier) string {
	if slices.Contains(TierNames, t) {
		return ""
	}
	return "must be free, standard, enterprise or unlimited"
}

// Plan is what a tenant may have: a tier and its own exceptions from it.
type Plan struct {
	Tier     Tier
	Override Quota
}

// Check returns an error that names every field that is wrong, or nil.
func (p *Plan) Check() error {
	e := &Error{Code: CodeInvalid, Message: "the plan of the tenant is not valid"}
	if wrong := CheckTier(p.Tier); wrong != "" {
		e.Fields = append(e.Fields, FieldError{Field: "tier", Message: wrong})
	}
	if e.Fields = append(e.Fields, p.Override.Check("quota.")...); len(e.Fields) == 0 {
		return nil
	}
	return e
}

// Tiers says what each tier has. A tier that is missing has no limits.
type Tiers map[Tier]Quota

// DefaultTiers are the tiers as long as the configuration says nothing else.
func DefaultTiers() Tiers {
	quota := func(documents, storage, searches, keys, webhooks, requests int64) Quota {
		return Quota{
			Documents: &documents, StorageBytes: &storage, SearchesPerDay: &searches, APIKeys: &keys, Webhooks: &webhooks, RequestsPerMinute: &requests,
		}
	}
	return Tiers{
		TierFree:       quota(1_000, 100<<20, 10_000, 5, 3, 300),
		TierStandard:   quota(100_000, 10<<30, 1_000_000, 50, 20, 6_000),
		TierEnterprise: quota(5_000_000, 500<<30, 50_000_000, 500, 100, 120_000),
		TierUnlimited:  {},
	}
}

// Limits are what a plan allows.
func (t Tiers) Limits(p Plan) Quota {
	tier := t[p.Tier]
	return p.Override.Over(&tier)
}

// UnmarshalText reads tiers as a JSON object of quotas by tier, over the defaults:
// {"free": {"documents": 500, "webhooks": null}}. null and -1 are no limit.
func (t *Tiers) UnmarshalText(text []byte) error {
	all := DefaultTiers()
	var given map[Tier]map[QuotaName]*int64
	d := json.NewDecoder(bytes.NewReader(text))
	if len(bytes.TrimSpace(text)) > 0 {
		if err := d.Decode(&given); err != nil || d.More() {
			return fmt.Errorf(`is not a JSON object such as {"free": {"documents": 500}}`)
		}
	}
	for tier, values := range given {
		if tier == TierUnlimited {
			return fmt.Errorf("limits the tier unlimited, which cannot be limited")
		}
		if wrong := CheckTier(tier); wrong != "" {
			return fmt.Errorf("names the unknown tier %.50q", tier)
		}
		quota := all[tier]
		for name, value := range values {
			if !slices.Contains(QuotaNames, name) {
				return fmt.Errorf("names the unknown quota %.50q", name)
			}
			*quota.field(name) = value
		}
		if wrong := quota.Check(string(tier) + "."); len(wrong) > 0 {
			return fmt.Errorf("has %s, which %s", wrong[0].Field, wrong[0].Message)
		}
		none := Quota{}
		all[tier] = quota.Over(&none)
	}
	*t = all
	return nil
}

// String writes what UnmarshalText reads.
func (t Tiers) String() string {
	var b strings.Builder
	for _, tier := range TierNames {
		q, ok := t[tier]
		if !ok || tier == TierUnlimited {
			continue
		}
		fmt.Fprintf(&b, ",%q:{", tier)
		for n, name := range QuotaNames {
			value := "null"
			if v := q.Of(name); v != nil {
				value = strconv.FormatInt(*v, 10)
			}
			fmt.Fprintf(&b, "%s%q:%s", ","[:min(n, 1)], name, value)
		}
		b.WriteByte('}')
	}
	return "{" + strings.TrimPrefix(b.String(), ",") + "}"
}
