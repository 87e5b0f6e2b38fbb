// Package webhook knows what a webhook is on the wire: the catalogue of events,
// the signature (https://www.standardwebhooks.com), the retry schedule, and a
// sender that cannot be made to talk to a private network. It seals secrets for
// storage. It knows neither the database nor Temporal.
package webhook
