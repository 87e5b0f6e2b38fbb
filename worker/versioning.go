package worker

import (
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// versioned reports whether Temporal sends a workflow to the version of the workers
// that it belongs to.
func (o Options) versioned() bool { return o.DeploymentName != "" && o.BuildID != "" }

// deployment is the version of this worker. Workflows go on with the current one
// unless they say otherwise: many run for hours, and those that change do so under
// workflow.GetVersion.
func (o Options) deployment() worker.DeploymentOptions {
	if !o.versioned() {
		return worker.DeploymentOptions{}
	}
	return worker.DeploymentOptions{
		UseVersioning:             true,
		Version:                   worker.WorkerDeploymentVersion{DeploymentName: o.DeploymentName, BuildID: o.BuildID},
		DefaultVersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
	}
}

// registerSweeps registers workflows that take seconds: they end on the version that
// they began with.
func (o Options) registerSweeps(r worker.Registry, sweeps ...any) {
	for _, sweep := range sweeps {
		if o.versioned() {
			r.RegisterWorkflowWithOptions(sweep, workflow.RegisterOptions{VersioningBehavior: workflow.VersioningBehaviorPinned})
		} else {
			r.RegisterWorkflow(sweep)
		}
	}
}
