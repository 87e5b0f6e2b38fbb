package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// openStates are those in which a job waits or works. Finished jobs are counted by
// their documents.
var openStates = []domain.JobState{domain.JobQueued, domain.JobRunning}

// JobCount is how many jobs of a kind are in a state.
type JobCount struct {
	Kind  domain.JobKind
	State domain.JobState
	Jobs  int
	// Oldest is how long ago the oldest of them was accepted.
	Oldest time.Duration
}

// SetJobs sets how many jobs there are. What is not in counts, and was before, is
// none now.
func (m *Metrics) SetJobs(counts []JobCount) {
	m.jobsMu.Lock()
	defer m.jobsMu.Unlock()
	m.jobKinds[domain.JobIndexDocuments] = true
	for _, c := range counts {
		m.jobKinds[c.Kind] = true
	}
	for kind := range m.jobKinds {
		for _, state := range openStates {
			m.Jobs.WithLabelValues(string(state), string(kind)).Set(0)
		}
	}
	oldest := time.Duration(0)
	for _, c := range counts {
		m.Jobs.WithLabelValues(string(c.State), string(c.Kind)).Set(float64(c.Jobs))
		if c.State == domain.JobQueued {
			oldest = max(oldest, c.Oldest)
		}
	}
	m.JobsOldestQueued.WithLabelValues().Set(oldest.Seconds())
}

// ReplicaState is how the database's replica does.
type ReplicaState struct {
	Used bool
	Lag  time.Duration
}

var (
	replicaLag  = prometheus.NewDesc("database_replica_lag_seconds", "How long ago the primary was where the replica is now.", nil, nil)
	replicaUsed = prometheus.NewDesc("database_replica_used", "1 while reports are read from the replica.", nil, nil)
)

// RegisterReplica adds the metrics of the database's replica.
func (m *Metrics) RegisterReplica(state func() ReplicaState) {
	m.Registry.MustRegister(replicaCollector(state))
}

type replicaCollector func() ReplicaState

// Describe implements prometheus.Collector.
func (replicaCollector) Describe(out chan<- *prometheus.Desc) {
	out <- replicaLag
	out <- replicaUsed
}

// Collect implements prometheus.Collector.
func (c replicaCollector) Collect(out chan<- prometheus.Metric) {
	s, used := c(), 0.0
	if s.Used {
		used = 1
	}
	out <- prometheus.MustNewConstMetric(replicaLag, prometheus.GaugeValue, s.Lag.Seconds())
	out <- prometheus.MustNewConstMetric(replicaUsed, prometheus.GaugeValue, used)
}
