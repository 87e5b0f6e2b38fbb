// Package workflows holds deterministic code only: what happens in which
// order, how often it is tried and what is done when it fails. Every side
// effect is an activity.
//
//	IndexDocuments     index/<tenant id>/<job id>          the documents of one job, in batches
//	CompactIndex       compact/<tenant id>                 merges segments after commits
//	TrainEmbeddings    train/<tenant id>                   makes a model and changes searches over to it
//	EmbedIndex         embed/<tenant id>                   makes the vectors that the active model lacks
//	DeliverWebhooks    webhooks/<tenant id>/<endpoint id>  the events of one endpoint, while there are any
//	RecoverWebhook     recover/<tenant id>/<endpoint id>/<recovery id>
//	                                                       sends again what an endpoint did not get
//	ProvisionTenant    tenant/<slug>/provision             makes a tenant, or leaves nothing
//	SuspendTenant      tenant/<slug>/suspend               pauses what runs for a suspended tenant
//	ResumeTenant       tenant/<slug>/resume                takes it up again
//	ExportTenant       tenant/<slug>/export                writes what a tenant has into files
//	OffboardTenant     tenant/<slug>/offboard              deletes a tenant and certifies it
//	RecoverPending     schedule, every 10 s                starts what was committed and not started
//	RecoverDeliveries  schedule, every 10 s                wakes endpoints whose deliveries are late
//	StartDueEmbeddings schedule, every minute              has models and vectors made where they are due
//	PurgeExpired       schedule, every hour                removes what has served its time
//
// client.go is the only way to start, cancel or look up any of them: it holds
// the ids, policies, priorities and search attributes.
package workflows
