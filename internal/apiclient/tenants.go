package apiclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// Tenant is a tenant of the platform.
type Tenant struct {
	ID         string             `json:"id"`
	Slug       string             `json:"slug"`
	Name       string             `json:"name"`
	State      domain.TenantState `json:"state"`
	Tier       domain.Tier        `json:"tier"`
	Quota      *domain.Quota      `json:"quota,omitempty"`
	CreatedAt  time.Time          `json:"created_at"`
	Operations []TenantOperation  `json:"operations,omitempty"`
	// APIKey is of a tenant that was just made with a first key; it is shown once.
	APIKey *struct {
		ID  string `json:"id"`
		Key string `json:"key"`
	} `json:"api_key,omitempty"`
}

// TenantOperation is one thing that is done with a tenant.
type TenantOperation struct {
	ID         string                      `json:"id"`
	Kind       domain.TenantOperationKind  `json:"kind"`
	State      domain.TenantOperationState `json:"state"`
	Stage      string                      `json:"stage"`
	Done       int64                       `json:"done"`
	Bytes      int64                       `json:"bytes"`
	Parts      int                         `json:"parts"`
	ExportID   string                      `json:"export_id,omitempty"`
	Error      string                      `json:"error,omitempty"`
	StartedAt  time.Time                   `json:"started_at"`
	FinishedAt *time.Time                  `json:"finished_at"`
	WorkflowID string                      `json:"workflow_id,omitempty"`
}

// TenantAnswer is what a verb on a tenant has started. Operation is nil when there
// was nothing to do.
type TenantAnswer struct {
	Tenant      *Tenant            `json:"tenant,omitempty"`
	Operation   *TenantOperation   `json:"operation,omitempty"`
	Certificate *TenantCertificate `json:"certificate,omitempty"`
}

// TenantCertificate says what was deleted of a tenant.
type TenantCertificate struct {
	ID       string                 `json:"id"`
	TenantID string                 `json:"tenant_id"`
	Slug     string                 `json:"slug"`
	IssuedAt time.Time              `json:"issued_at"`
	Content  domain.CertificateBody `json:"content"`
	Body     string                 `json:"body"`
	SHA256   string                 `json:"sha256"`
}

// NewTenant is what a tenant is made of.
type NewTenant struct {
	Slug      string        `json:"slug"`
	Name      string        `json:"name,omitempty"`
	Tier      domain.Tier   `json:"tier,omitempty"`
	Quota     *domain.Quota `json:"quota,omitempty"`
	CreateKey bool          `json:"create_key,omitempty"`
}

const tenantPoll = 500 * time.Millisecond

func tenantPath(slug string) string { return "/api/admin/tenants/" + url.PathEscape(slug) }

// MakeTenant makes a tenant and waits until it is active; it needs a key of platform
// scope. A tenant that exists is an error of IsConflict.
func (c *Client) MakeTenant(ctx context.Context, n NewTenant) (*Tenant, error) {
	call, err := jsonCall(http.MethodPost, "/api/admin/tenants", n)
	if err != nil {
		return nil, err
	}
	call.header.Set("Idempotency-Key", keyOr(""))
	var out Tenant
	if _, err = c.WithTenant("").do(ctx, call, &out); err != nil {
		return nil, err
	}
	for out.State == domain.TenantProvisioning {
		if err := Sleep(ctx, tenantPoll); err != nil {
			return nil, err
		}
		now, err := c.DescribeTenant(ctx, n.Slug)
		if IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out.State = now.State
	}
	return &out, nil
}

// DescribeTenant asks for one tenant.
func (c *Client) DescribeTenant(ctx context.Context, slug string) (*Tenant, error) {
	var out Tenant
	err := c.get(ctx, tenantPath(slug), nil, &out)
	return &out, err
}

// Tenants calls fn for each tenant by slug. Empty filters list all.
func (c *Client) Tenants(ctx context.Context, state, tier, text string, fn func(Tenant) error) error {
	query := url.Values{}
	for name, value := range map[string]string{"state": state, "tier": tier, "q": text} {
		if value != "" {
			query.Set(name, value)
		}
	}
	return eachOf(ctx, c, "/api/admin/tenants", "tenants", query, fn)
}

// SteerTenant suspends, resumes or exports a tenant.
func (c *Client) SteerTenant(ctx context.Context, slug, verb string) (*TenantAnswer, error) {
	var out TenantAnswer
	_, err := c.do(ctx, &call{method: http.MethodPost, path: tenantPath(slug) + "/" + verb, timeout: 30 * time.Second}, &out)
	return &out, err
}

// OffboardTenant deletes a tenant for good. confirm must be its slug.
func (c *Client) OffboardTenant(ctx context.Context, slug, confirm string, export bool) (*TenantAnswer, error) {
	call, err := jsonCall(http.MethodDelete, tenantPath(slug), map[string]any{"confirm": confirm, "export": export})
	if err != nil {
		return nil, err
	}
	var out TenantAnswer
	_, err = c.do(ctx, call, &out)
	return &out, err
}

// TenantOperation asks how an operation of a tenant stands, also of one that is gone.
func (c *Client) TenantOperation(ctx context.Context, slug, id string) (*TenantOperation, error) {
	found := errors.New("found")
	var out TenantOperation
	err := eachOf(ctx, c, tenantPath(slug)+"/operations", "operations", nil, func(op TenantOperation) error {
		if op.ID != id {
			return nil
		}
		out = op
		return found
	})
	if errors.Is(err, found) {
		return &out, nil
	}
	if err == nil {
		err = fmt.Errorf("the server knows no operation %s of %s", id, slug)
	}
	return nil, err
}

// TenantCertificate asks for the certificate of an off-boarded tenant.
func (c *Client) TenantCertificate(ctx context.Context, slug string) (*TenantCertificate, error) {
	var out TenantCertificate
	err := c.get(ctx, tenantPath(slug)+"/certificate", nil, &out)
	return &out, err
}

// TenantUsage asks what a tenant uses, as the server answers it.
func (c *Client) TenantUsage(ctx context.Context, slug string, query url.Values) (json.RawMessage, error) {
	var out json.RawMessage
	err := c.get(ctx, tenantPath(slug)+"/usage", query, &out)
	return out, err
}

// FetchExport writes an export's archive to w from the given byte on. A connection
// that breaks is taken up where it broke, as long as bytes keep coming.
func (c *Client) FetchExport(ctx context.Context, slug, id string, w io.Writer, from int64) (size int64, err error) {
	path := tenantPath(slug) + "/exports/" + url.PathEscape(id) + "/archive"
	for failures := 0; ; failures++ {
		n, done, err := c.fetchFrom(ctx, path, w, from)
		from += n
		if n > 0 {
			failures = 0
		}
		if done || err != nil && (!worthRetrying(err) || failures > 5 || ctx.Err() != nil) {
			return from, err
		}
		if err := Sleep(ctx, time.Second); err != nil {
			return from, err
		}
	}
}

func (c *Client) fetchFrom(ctx context.Context, path string, w io.Writer, from int64) (n int64, done bool, err error) {
	call := &call{method: http.MethodGet, path: path, header: http.Header{}}
	if from > 0 {
		call.header.Set("Range", "bytes="+strconv.FormatInt(from, 10)+"-")
	}
	req, err := c.request(ctx, call)
	if err != nil {
		return 0, false, err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return 0, false, c.networkError(err)
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusRequestedRangeNotSatisfiable && from > 0:
		return 0, true, nil // all of it is there
	case res.StatusCode >= http.StatusMultipleChoices:
		body, _ := io.ReadAll(io.LimitReader(res.Body, maxAnswerBytes))
		return 0, false, newError(res, body)
	case from > 0 && res.StatusCode != http.StatusPartialContent:
		return 0, false, errors.New("the server began the archive anew; fetch it into another file")
	}
	n, err = io.Copy(w, res.Body)
	return n, err == nil, err
}
