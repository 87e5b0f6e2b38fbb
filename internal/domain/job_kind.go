package domain

// JobKind names what a job does. It is the search attribute JobKind of its workflow.
type JobKind string

// The kinds of jobs. Upkeep that nobody asks for, such as the merging of segments
// after commits, has workflows of further kinds and no jobs.
const (
	JobIndexDocuments    JobKind = "index_documents"
	JobRebuildIndex      JobKind = "rebuild_index"
	JobTrainEmbeddings   JobKind = "train_embeddings"
	JobRecoverWebhook    JobKind = "recover_webhook"
	JobRedrive           JobKind = "redrive_jobs"
	JobBackfillAnalytics JobKind = "backfill_analytics"
	JobProvisionTenant   JobKind = "provision_tenant"
	JobSuspendTenant     JobKind = "suspend_tenant"
	JobResumeTenant      JobKind = "resume_tenant"
	JobExportTenant      JobKind = "export_tenant"
	JobOffboardTenant    JobKind = "offboard_tenant"
)

// JobKinds lists every kind.
var JobKinds = []JobKind{
	JobIndexDocuments, JobRebuildIndex, JobTrainEmbeddings, JobRecoverWebhook, JobRedrive, JobBackfillAnalytics,
	JobProvisionTenant, JobSuspendTenant, JobResumeTenant, JobExportTenant, JobOffboardTenant,
}

// JobAbilities says what can be done with jobs of a kind, beside watching and
// canceling them.
type JobAbilities struct {
	// Pause: its workflow listens to the signals pause and resume.
	Pause bool
	// Retry: another job can do what this one did not.
	Retry bool
	// Stages are what it goes through, in their order.
	Stages []string
}

var jobAbilities = map[JobKind]JobAbilities{
	JobIndexDocuments:  {Pause: true, Retry: true, Stages: []string{StageLoad, StageChunk, StageBuild, StageEmbed, StageCommit}},
	JobRebuildIndex:    {Pause: true, Retry: true, Stages: []string{"build", "catch_up", "swap"}},
	JobTrainEmbeddings: {Pause: true, Retry: true, Stages: []string{"settle", "prepare", "embed", "cut_over"}},
	JobRecoverWebhook:  {Pause: true, Stages: []string{"deliveries", "missed"}},
	JobRedrive:         {Pause: true, Stages: []string{"retry"}},
}

// Abilities says what can be done with jobs of kind k.
func (k JobKind) Abilities() JobAbilities { return jobAbilities[k] }
