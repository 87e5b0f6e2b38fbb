package api

import (
	"net/http"
	"slices"

	"github.com/rustassistant/rustassistant/internal/auth"
)

const tagWebhooks = "Webhooks"

// webhookRoutes are the rows about webhooks and their deliveries.
func (s *Server) webhookRoutes() []route {
	return slices.Concat(s.endpointRoutes(), s.deliveryRoutes(), s.recoveryRoutes())
}

func (s *Server) endpointRoutes() []route {
	return []route{
		{
			method: http.MethodGet, path: "/api/admin/webhooks", id: "listWebhooks", scope: auth.ScopeWebhooks,
			tag: tagWebhooks, errors: []int{http.StatusUnprocessableEntity}, summary: "List webhooks", description: "Newest first.",
			endpoint: typed[PageInput, listWebhooksOutput](s.listWebhooks),
		},
		{
			method: http.MethodPost, path: "/api/admin/webhooks", id: "createWebhook", scope: auth.ScopeWebhooks, bodyLimit: smallBody,
			tag: tagWebhooks, status: http.StatusCreated, errors: []int{http.StatusConflict}, summary: "Create a webhook",
			description: "Events are sent by POST, at least once, signed as https://www.standardwebhooks.com describes. The answer shows the secret, once.",
			endpoint:    typed[createWebhookInput, webhookWithSecretOutput](s.createWebhook),
		},
		{
			method: http.MethodGet, path: "/api/admin/webhooks/{id}", id: "getWebhook", scope: auth.ScopeWebhooks,
			tag: tagWebhooks, summary: "Get a webhook", endpoint: typed[WebhookIDInput, webhookOutput](s.getWebhook),
		},
		{
			method: http.MethodPatch, path: "/api/admin/webhooks/{id}", id: "changeWebhook", scope: auth.ScopeWebhooks, bodyLimit: smallBody,
			tag: tagWebhooks, summary: "Change, pause or enable a webhook",
			description: "Fields that are left out stay. While it is paused, events wait and are sent when it is active again.",
			endpoint:    typed[changeWebhookInput, webhookOutput](s.changeWebhook),
		},
		{
			method: http.MethodDelete, path: "/api/admin/webhooks/{id}", id: "deleteWebhook", scope: auth.ScopeWebhooks,
			tag: tagWebhooks, status: http.StatusNoContent, summary: "Delete a webhook",
			description: "Deliveries that wait are canceled. What was delivered can be looked at for 30 days.",
			endpoint:    typed[WebhookIDInput, struct{}](s.deleteWebhook),
		},
		{
			method: http.MethodPost, path: "/api/admin/webhooks/{id}/test", id: "testWebhook", scope: auth.ScopeWebhooks,
			tag: tagWebhooks, status: http.StatusAccepted, errors: []int{http.StatusConflict}, summary: "Send a test event",
			description: "One attempt is made; its outcome is in the list of deliveries.",
			endpoint:    typed[WebhookIDInput, deliveryOutput](s.testWebhook),
		},
		{
			method: http.MethodPost, path: "/api/admin/webhooks/{id}/rotate-secret", id: "rotateWebhookSecret", scope: auth.ScopeWebhooks, bodyLimit: smallBody,
			tag: tagWebhooks, summary: "Replace a webhook's secret",
			description: "The answer shows the new secret, once. For a while requests carry a signature of each secret.",
			endpoint:    typed[rotateSecretInput, webhookWithSecretOutput](s.rotateWebhookSecret),
		},
	}
}

func (s *Server) deliveryRoutes() []route {
	return []route{
		{
			method: http.MethodGet, path: "/api/admin/webhooks/{id}/deliveries", id: "listDeliveries", scope: auth.ScopeWebhooks,
			tag: tagWebhooks, errors: []int{http.StatusUnprocessableEntity}, summary: "List a webhook's deliveries", description: "Newest first, each with its attempts.",
			endpoint: typed[listDeliveriesInput, listDeliveriesOutput](s.listDeliveries),
		},
		{
			method: http.MethodGet, path: "/api/admin/deliveries/{id}", id: "getDelivery", scope: auth.ScopeWebhooks,
			tag: tagWebhooks, summary: "Get a delivery", description: "With its attempts.",
			endpoint: typed[DeliveryIDInput, deliveryOutput](s.getDelivery),
		},
		{
			method: http.MethodPost, path: "/api/admin/deliveries/{id}/resend", id: "resendDelivery", scope: auth.ScopeWebhooks,
			tag: tagWebhooks, status: http.StatusAccepted, errors: []int{http.StatusConflict}, summary: "Send a delivery again",
			description: "With the same event_id and a new run of the retry schedule.",
			endpoint:    typed[DeliveryIDInput, deliveryOutput](s.resendDelivery),
		},
		{
			method: http.MethodGet, path: "/api/admin/event-types", id: "listEventTypes", scope: auth.ScopeWebhooks,
			tag: tagWebhooks, summary: "The catalogue of events", description: "Each with a JSON schema and an example.",
			endpoint: typed[struct{}, listEventTypesOutput](s.listEventTypes),
		},
	}
}
