package worker_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/worker"
)

// version starts a worker of another build and returns what stops it.
func (p *product) version(build string) (stop func()) {
	p.t.Helper()
	o := p.options
	o.DeploymentName, o.BuildID, o.WorkDir = "rustassistant", build, p.t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	var gone sync.WaitGroup
	gone.Go(func() { _ = worker.Run(ctx, o) })
	stop = func() { cancel(); gone.Wait() }
	p.t.Cleanup(stop)
	return stop
}

// current makes a build the current one, once its workers have been seen.
func (p *product) current(build string) {
	p.t.Helper()
	deployments := p.temporal.WorkerDeploymentClient()
	p.eventually("the workers of build "+build+" are known", func() bool {
		d, err := deployments.GetHandle("rustassistant").Describe(p.t.Context(), client.WorkerDeploymentDescribeOptions{})
		if err != nil {
			return false
		}
		for _, v := range d.Info.VersionSummaries {
			if v.Version.BuildID == build {
				return true
			}
		}
		return false
	})
	p.eventually("build "+build+" is the current one", func() bool {
		_, err := p.tryToFollow("current-version", "BUILD_ID", build)
		return err == nil
	})
}

func TestAnOpenWorkflowOfTheOldVersionIsEndedByTheNewOne(t *testing.T) {
	p := newProduct(t)
	p.stop() // the worker without a version
	stopOld := p.version("1")
	p.current("1")
	j := p.accept(p.tenant, 1)
	_, err := p.PauseJob(t.Context(), p.tenant, j.ID, domain.PausedByOperator, nil)
	require.NoError(t, err)
	require.NoError(t, p.client().StartJob(t.Context(), p.job(j)))
	p.eventually("the old version has begun", func() bool { return p.job(j).RunID != "" })
	p.version("2")
	p.current("2")
	stopOld()
	_, err = p.ResumeJob(t.Context(), p.tenant, j.ID, domain.PausedByOperator, p.signal(j))
	require.NoError(t, err)
	require.Eventually(t, func() bool { return p.job(j).State == domain.JobCompleted }, time.Minute, 50*time.Millisecond)
	require.Equal(t, 1, p.job(j).Done)
}
