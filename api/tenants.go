package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

// ProvisionRequest describes a tenant to be made. Key is its first key, nil for none:
// only its hash leaves this process.
type ProvisionRequest struct {
	TenantID, RequestID uuid.UUID
	Slug, Name          string
	Plan                domain.Plan
	Key                 *store.HashedKey
}

// TenantKeeper runs the workflows of tenants.
type TenantKeeper interface {
	// ProvisionTenant makes a tenant and waits for it for a while. It returns false
	// when the making goes on; a slug that is taken is a conflict.
	ProvisionTenant(ctx context.Context, r ProvisionRequest, wait time.Duration) (done bool, workflowID string, err error)
	// StartTenantOperation starts the workflow of an operation that is recorded; a
	// schedule does it when this fails.
	StartTenantOperation(ctx context.Context, op domain.TenantOperation) error
}

// provisionWait is how long a request waits for its tenant.
const provisionWait = 5 * time.Second

// Tenant is a tenant as it is answered.
type Tenant struct {
	ID        uuid.UUID          `json:"id"`
	Slug      string             `json:"slug"`
	Name      string             `json:"name"`
	State     domain.TenantState `json:"state" enum:"provisioning,active,suspended,offboarding"`
	Tier      domain.Tier        `json:"tier" enum:"free,standard,enterprise,unlimited"`
	Quota     *domain.Quota      `json:"quota,omitempty" doc:"Exceptions from the tier; -1 is no limit."`
	CreatedAt time.Time          `json:"created_at"`
}

func tenantView(t *domain.Tenant) Tenant {
	out := Tenant{ID: t.ID, Slug: t.Slug, Name: t.Name, State: t.State, Tier: t.Plan.Tier, CreatedAt: t.CreatedAt}
	if !t.Plan.Override.IsZero() {
		out.Quota = &t.Plan.Override
	}
	return out
}

// TenantList is one page of tenants.
type TenantList struct {
	Tenants    []Tenant `json:"tenants"`
	NextCursor string   `json:"next_cursor,omitempty" doc:"Left out on the last page."`
}

type listTenantsInput struct {
	PageInput
	State string `query:"state" enum:"provisioning,active,suspended,offboarding"`
	Tier  string `query:"tier" enum:"free,standard,enterprise,unlimited"`
	Q     string `query:"q" maxLength:"200" doc:"Part of the slug or the name."`
}

type listTenantsOutput struct{ Body TenantList }

func (s *Server) listTenants(ctx context.Context, in *listTenantsInput) (*listTenantsOutput, error) {
	after, err := in.afterName()
	if err != nil {
		return nil, err
	}
	found, err := s.deps.Store.SearchTenants(ctx, store.TenantFilter{
		State: domain.TenantState(in.State), Tier: domain.Tier(in.Tier), Text: strings.TrimSpace(in.Q), After: after, Limit: in.Limit + 1,
	})
	if err != nil {
		return nil, err
	}
	found, next := page(found, in.Limit, func(t domain.Tenant) string { return cursorOfName(t.Slug) })
	out := &listTenantsOutput{TenantList{Tenants: make([]Tenant, len(found)), NextCursor: next}}
	for i := range found {
		out.Body.Tenants[i] = tenantView(&found[i])
	}
	return out, nil
}

type tenantBody struct {
	Slug      string                 `json:"slug" required:"true" pattern:"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$" doc:"Names the tenant in X-Tenant." example:"acme"`
	Name      string                 `json:"name,omitempty" maxLength:"200" doc:"The slug when left out." example:"Acme Inc."`
	Tier      domain.Tier            `json:"tier,omitempty" enum:"free,standard,enterprise,unlimited" doc:"free when left out."`
	Quota     optional[domain.Quota] `json:"quota,omitempty" doc:"Exceptions from the tier; -1 is no limit."`
	CreateKey bool                   `json:"create_key,omitempty" doc:"Make a first key of admin scope."`
}

type createTenantInput struct {
	IdempotencyInput
	Body body[tenantBody]
}

// CreatedTenant is a new tenant, with its first key if one was asked for.
type CreatedTenant struct {
	Tenant
	APIKey      *CreatedAPIKey `json:"api_key,omitempty"`
	WorkflowID  string         `json:"workflow_id,omitempty" doc:"What makes the tenant, with 202."`
	TemporalURL string         `json:"temporal_url,omitempty"`
}

type createTenantOutput struct {
	Status   int
	Location string `header:"Location"`
	Replayed string `header:"Idempotency-Replayed" doc:"true when this is the first answer to the same Idempotency-Key, without the key."`
	Body     CreatedTenant
}

func (s *Server) createTenant(ctx context.Context, in *createTenantInput) (*createTenantOutput, error) {
	b := &in.Body.Value
	if err := b.check(); err != nil {
		return nil, err
	}
	if s.deps.SingleTenant {
		return nil, domain.Errorf(domain.CodeConflict, "this server has one tenant only; set MULTI_TENANT_MODE=true to create others")
	}
	o := store.IngestOptions{
		IdempotencyKey: in.IdempotencyKey, Operation: "POST /api/admin/tenants", ReadRequest: func(context.Context) ([32]byte, error) { return in.Body.hash() },
	}
	if before, found, err := s.deps.Store.Replay(ctx, caller(ctx).TenantID, o); err != nil || found {
		out := &createTenantOutput{Status: before.Status, Replayed: "true"}
		if err == nil {
			err = decodeReply(before, &out.Body)
		}
		return out, err
	}
	out, err := s.provision(ctx, in)
	if err != nil || in.IdempotencyKey == "" {
		return out, err
	}
	return out, s.rememberTenant(ctx, o, in, out)
}

// rememberTenant keeps the answer under its idempotency key, without the key of the
// tenant: no text of a key is stored.
func (s *Server) rememberTenant(ctx context.Context, o store.IngestOptions, in *createTenantInput, out *createTenantOutput) error {
	kept := out.Body
	kept.APIKey = nil
	reply, err := replyWith(out.Status, kept, in.Body.hash)
	if err != nil {
		return err
	}
	return s.deps.Store.Remember(ctx, caller(ctx).TenantID, o, reply)
}

func (s *Server) provision(ctx context.Context, in *createTenantInput) (*createTenantOutput, error) {
	b := &in.Body.Value
	r := ProvisionRequest{TenantID: uuid.Must(uuid.NewV7()), RequestID: uuid.Must(uuid.NewV7()), Slug: b.Slug, Name: b.Name, Plan: b.plan()}
	if in.IdempotencyKey != "" {
		r.RequestID = requestOf(caller(ctx).TenantID, in.IdempotencyKey)
	}
	if known, err := s.deps.Store.TenantBySlug(ctx, b.Slug); err == nil && !s.madeFor(ctx, known.ID, r.RequestID) {
		return nil, domain.Errorf(domain.CodeConflict, "a tenant with the slug %q exists already; its state is %s", b.Slug, known.State)
	} else if err != nil && domain.CodeOf(err) != domain.CodeNotFound {
		return nil, err
	}
	var key *CreatedAPIKey
	if b.CreateKey {
		key = firstKey(&r)
	}
	done, workflowID, err := s.deps.Tenants.ProvisionTenant(ctx, r, provisionWait)
	if err != nil {
		return nil, temporalAway(err)
	}
	out := &createTenantOutput{Status: http.StatusCreated, Location: "/api/admin/tenants/" + b.Slug}
	tenant, err := s.deps.Store.TenantBySlug(ctx, b.Slug)
	switch {
	case err == nil:
		out.Body.Tenant = tenantView(&tenant)
	case domain.CodeOf(err) == domain.CodeNotFound && !done:
		out.Body.Tenant = Tenant{ID: r.TenantID, Slug: b.Slug, Name: b.Name, State: domain.TenantProvisioning, Tier: r.Plan.Tier, CreatedAt: time.Now().UTC()}
	default:
		return nil, err
	}
	if out.Body.ID == r.TenantID { // else an earlier request has made it, with its own key
		out.Body.APIKey = key
	}
	if !done {
		out.Status, out.Body.WorkflowID, out.Body.TemporalURL = http.StatusAccepted, workflowID, s.deps.Starter.WorkflowURL(workflowID)
	}
	return out, nil
}

// madeFor reports whether the tenant was made for the request, whose answer was lost.
func (s *Server) madeFor(ctx context.Context, tenant, request uuid.UUID) bool {
	of, err := s.deps.Store.TenantRequest(ctx, tenant)
	return err == nil && of == request
}

// requestOf names the request of an idempotency key.
func requestOf(tenant uuid.UUID, key string) uuid.UUID {
	sum := sha256.Sum256([]byte(tenant.String() + "\x00" + key))
	return uuid.UUID(sum[:16])
}

// firstKey makes a key whose hash goes with the request.
func firstKey(r *ProvisionRequest) *CreatedAPIKey {
	key := auth.Generate()
	hash := key.Hash()
	r.Key = &store.HashedKey{
		ID: uuid.Must(uuid.NewV7()), Name: "First admin key", Hash: hash[:], Prefix: key.Prefix(), LastFour: key.LastFour(),
		Scopes: auth.Scopes(auth.ScopeAdmin).Strings(),
	}
	return &CreatedAPIKey{Key: key.Reveal(), APIKey: apiKeyView(&domain.APIKey{
		ID: r.Key.ID, TenantID: r.TenantID, Name: r.Key.Name, Prefix: r.Key.Prefix, LastFour: r.Key.LastFour, Scopes: r.Key.Scopes,
		CreatedAt: time.Now().UTC(), AllowedNetworks: []string{},
	})}
}

func (b *tenantBody) plan() domain.Plan {
	return domain.Plan{Tier: b.Tier, Override: b.Quota.Value}
}

func (b *tenantBody) check() error {
	e := domain.Error{Code: domain.CodeInvalid, Message: "the tenant is not valid"}
	if err := domain.ValidateSlug(b.Slug); err != nil {
		e.Fields = append(e.Fields, visible(err).Fields...)
	}
	if b.Name = strings.TrimSpace(b.Name); b.Name == "" {
		b.Name = b.Slug
	}
	checkText(&e, "name", b.Name, maxNameBytes)
	if b.Tier == "" {
		b.Tier = domain.TierFree
	}
	plan := b.plan()
	checkPlan(&e, &plan)
	if len(e.Fields) > 0 {
		return &e
	}
	return nil
}

func checkPlan(e *domain.Error, p *domain.Plan) {
	var wrong *domain.Error
	if errors.As(p.Check(), &wrong) {
		e.Fields = append(e.Fields, wrong.Fields...)
	}
}

// TenantSlugInput names a tenant. It is exported for huma, which sees no other
// embedded fields.
type TenantSlugInput struct {
	Slug string `path:"slug" maxLength:"63" doc:"The tenant's slug." example:"acme"`
}

// TenantDetail is a tenant with what was done with it lately.
type TenantDetail struct {
	Tenant
	Operations []TenantOperation `json:"operations" doc:"The last ones, newest first."`
}

type tenantOutput struct{ Body TenantDetail }

// shownOperations is how many operations a tenant is shown with.
const shownOperations = 5

func (s *Server) getTenant(ctx context.Context, in *TenantSlugInput) (*tenantOutput, error) {
	t, err := s.deps.Store.TenantBySlug(ctx, in.Slug)
	if err != nil {
		return nil, err
	}
	return s.tenantDetail(ctx, &t)
}

func (s *Server) tenantDetail(ctx context.Context, t *domain.Tenant) (*tenantOutput, error) {
	ops, err := s.deps.Store.TenantOperations(ctx, t.Slug, "", uuid.Nil, shownOperations)
	if err != nil {
		return nil, err
	}
	out := &tenantOutput{TenantDetail{Tenant: tenantView(t), Operations: []TenantOperation{}}}
	ops = slices.DeleteFunc(ops, func(op domain.TenantOperation) bool { return op.TenantID != t.ID })
	for i := range ops {
		out.Body.Operations = append(out.Body.Operations, s.operationView(&ops[i]))
	}
	return out, nil
}

type tenantPatchBody struct {
	Name  *string                `json:"name,omitempty" maxLength:"200"`
	Tier  *domain.Tier           `json:"tier,omitempty" enum:"free,standard,enterprise,unlimited"`
	Quota optional[domain.Quota] `json:"quota,omitempty" doc:"Replaces all exceptions from the tier; {} or null takes them away. -1 is no limit."`
}

type changeTenantInput struct {
	TenantSlugInput
	Body body[tenantPatchBody]
}

func (s *Server) changeTenant(ctx context.Context, in *changeTenantInput) (*tenantOutput, error) {
	c, err := in.Body.Value.change()
	if err != nil {
		return nil, err
	}
	t, err := s.deps.Store.ChangeTenant(ctx, in.Slug, c)
	if err != nil {
		return nil, err
	}
	return s.tenantDetail(ctx, &t)
}

func (b *tenantPatchBody) change() (c store.TenantChange, err error) {
	e := domain.Error{Code: domain.CodeInvalid, Message: "the change of the tenant is not valid"}
	if b.Name != nil {
		name := strings.TrimSpace(*b.Name)
		checkText(&e, "name", name, maxNameBytes)
		if name == "" {
			e.Fields = append(e.Fields, domain.FieldError{Field: "name", Message: "must not be empty"})
		}
		c.Name = &name
	}
	plan := domain.Plan{Tier: domain.TierUnlimited}
	if b.Tier != nil {
		c.Tier, plan.Tier = b.Tier, *b.Tier
	}
	if c.Quota = b.Quota.pointer(); c.Quota != nil {
		plan.Override = *c.Quota
	}
	checkPlan(&e, &plan)
	if len(e.Fields) > 0 {
		return c, &e
	}
	return c, nil
}
