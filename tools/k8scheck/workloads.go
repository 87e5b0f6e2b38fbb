package main

import (
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// workload is something that makes pods.
type workload struct {
	set      *manifests
	name     string
	selector *metav1.LabelSelector // nil for a job
	template corev1.PodTemplateSpec
	serves   bool // goes on until it is stopped
}

func (s *manifests) workloads() (found []workload) {
	for _, d := range all[*appsv1.Deployment](s) {
		found = append(found, workload{s, "Deployment " + d.Name, d.Spec.Selector, d.Spec.Template, true})
	}
	for _, j := range all[*batchv1.Job](s) {
		found = append(found, workload{s, "Job " + j.Name, nil, j.Spec.Template, false})
	}
	return found
}

func (w workload) hasPort(name string) bool {
	return slices.ContainsFunc(w.template.Spec.Containers, func(c corev1.Container) bool {
		return slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool { return p.Name == name })
	})
}

func (w workload) check() []error {
	var problems []error
	report := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("%s: "+format, append([]any{w.name}, args...)...))
	}
	if w.selector != nil {
		if matcher, err := metav1.LabelSelectorAsSelector(w.selector); err != nil || !matcher.Matches(labels.Set(w.template.Labels)) {
			report("does not select its own pods (%w)", err)
		}
	}
	w.checkPod(report)
	for _, c := range w.template.Spec.Containers {
		w.checkContainer(c, func(format string, args ...any) { report("container "+c.Name+": "+format, args...) })
	}
	return problems
}

// checkPod asks for what the restricted pod security standard asks of a pod, and
// for what keeps a service up while machines come and go.
func (w workload) checkPod(report reporter) {
	spec := w.template.Spec
	security := spec.SecurityContext
	switch {
	case security == nil, security.RunAsNonRoot == nil, !*security.RunAsNonRoot:
		report("may run as root")
	case security.SeccompProfile == nil || security.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault:
		report("has no seccomp profile")
	}
	if spec.AutomountServiceAccountToken == nil || *spec.AutomountServiceAccountToken {
		report("gets a token for the Kubernetes API, which nothing here needs")
	}
	if !w.set.has("ServiceAccount", spec.ServiceAccountName) {
		report("runs as ServiceAccount %q, which does not exist", spec.ServiceAccountName)
	}
	if w.serves && len(spec.TopologySpreadConstraints) == 0 {
		report("may run all of its pods on one machine")
	}
	for _, constraint := range spec.TopologySpreadConstraints {
		if matcher, err := metav1.LabelSelectorAsSelector(constraint.LabelSelector); err != nil || !matcher.Matches(labels.Set(w.template.Labels)) {
			report("spreads other pods than its own (%w)", err)
		}
	}
}

func (w workload) checkContainer(c corev1.Container, report reporter) {
	security := c.SecurityContext
	switch {
	case security == nil:
		report("has no security context")
	case security.AllowPrivilegeEscalation == nil || *security.AllowPrivilegeEscalation:
		report("may gain privileges")
	case security.ReadOnlyRootFilesystem == nil || !*security.ReadOnlyRootFilesystem:
		report("may write to its image")
	case security.Capabilities == nil || !slices.Contains(security.Capabilities.Drop, "ALL"):
		report("keeps capabilities")
	}
	if c.Resources.Limits.Memory().IsZero() || c.Resources.Requests.Memory().IsZero() || c.Resources.Requests.Cpu().IsZero() {
		report("needs requests of CPU and memory, and a limit of memory")
	}
	for _, from := range c.EnvFrom {
		if ref := from.ConfigMapRef; ref != nil && !w.set.has("ConfigMap", ref.Name) {
			report("reads ConfigMap %s, which does not exist", ref.Name)
		}
		if ref := from.SecretRef; ref != nil && !w.set.has("Secret", ref.Name) {
			report("reads Secret %s, which does not exist", ref.Name)
		}
	}
	for _, mount := range c.VolumeMounts {
		if !slices.ContainsFunc(w.template.Spec.Volumes, func(v corev1.Volume) bool { return v.Name == mount.Name }) {
			report("mounts volume %s, which does not exist", mount.Name)
		}
	}
	if w.serves {
		w.checkProbes(c, report)
	}
}

func (w workload) checkProbes(c corev1.Container, report reporter) {
	for name, probe := range map[string]*corev1.Probe{"startup": c.StartupProbe, "liveness": c.LivenessProbe, "readiness": c.ReadinessProbe} {
		if probe == nil || probe.HTTPGet == nil {
			report("has no %s probe", name)
			continue
		}
		checkPorts([]workload{w}, probe.HTTPGet.Port, report)
	}
	grace := w.template.Spec.TerminationGracePeriodSeconds
	if grace == nil {
		report("is killed after the default of 30 s, which is not more than SHUTDOWN_TIMEOUT")
	}
	if c.Lifecycle != nil && c.Lifecycle.PreStop != nil && c.Lifecycle.PreStop.Exec != nil {
		report("has a preStop command: the image has no shell, use sleep")
	}
}
