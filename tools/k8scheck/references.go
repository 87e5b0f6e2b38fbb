package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"
)

// checkKustomization proves that the kustomization names every file but those
// that need a further operator.
func (s *manifests) checkKustomization(dir string) []error {
	text, err := os.ReadFile(filepath.Join(dir, "kustomization.yaml"))
	if err != nil {
		return []error{err}
	}
	var k kustomization
	if err := yaml.UnmarshalStrict(text, &k); err != nil {
		return []error{fmt.Errorf("kustomization.yaml: %w", err)}
	}
	var problems []error
	for _, name := range k.Resources {
		if !slices.Contains(s.files, name) {
			problems = append(problems, fmt.Errorf("kustomization.yaml: names %s, which does not exist", name))
		}
	}
	for _, o := range s.objects {
		if _, foreign := o.value.(*scaledObject); !foreign && !slices.Contains(k.Resources, o.file) {
			problems = append(problems, fmt.Errorf("kustomization.yaml: does not name %s", o.file))
		}
	}
	return problems
}

// checkReferences follows what objects say about each other.
func (s *manifests) checkReferences() []error {
	var problems []error
	for _, o := range s.objects {
		report := func(format string, args ...any) {
			problems = append(problems, fmt.Errorf("%s: "+format, append([]any{o}, args...)...))
		}
		if o.kind != "Namespace" && o.meta.GetNamespace() != namespace {
			report("is in namespace %q, not in %q", o.meta.GetNamespace(), namespace)
		}
		switch v := o.value.(type) {
		case *corev1.Service:
			s.checkService(v, report)
		case *networkingv1.Ingress:
			s.checkIngress(v, report)
		case *networkingv1.NetworkPolicy:
			s.checkNetworkPolicy(v, report)
		case *policyv1.PodDisruptionBudget:
			s.checkSelector(v.Spec.Selector, report)
		case *autoscalingv2.HorizontalPodAutoscaler:
			s.checkTarget(v.Spec.ScaleTargetRef, report)
		case *scaledObject:
			s.checkTarget(v.Spec.ScaleTargetRef, report)
		}
	}
	return problems
}

type reporter func(format string, args ...any)

func (s *manifests) checkTarget(ref autoscalingv2.CrossVersionObjectReference, report reporter) {
	if !s.has(ref.Kind, ref.Name) {
		report("scales %s %s, which does not exist", ref.Kind, ref.Name)
	}
}

// selected returns the workloads whose pods a selector matches.
func (s *manifests) selected(selector *metav1.LabelSelector) ([]workload, error) {
	matcher, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return nil, err
	}
	var found []workload
	for _, w := range s.workloads() {
		if matcher.Matches(labels.Set(w.template.Labels)) {
			found = append(found, w)
		}
	}
	return found, nil
}

func (s *manifests) checkSelector(selector *metav1.LabelSelector, report reporter) []workload {
	found, err := s.selected(selector)
	if err != nil {
		report("has a selector that cannot be read: %w", err)
	} else if len(found) == 0 {
		report("selects no pods")
	}
	return found
}

func (s *manifests) checkService(v *corev1.Service, report reporter) {
	found := s.checkSelector(&metav1.LabelSelector{MatchLabels: v.Spec.Selector}, report)
	if len(found) > 1 {
		report("selects the pods of %d workloads", len(found))
	}
	for _, port := range v.Spec.Ports {
		checkPorts(found, port.TargetPort, report)
	}
}

func checkPorts(found []workload, port intstr.IntOrString, report reporter) {
	for _, w := range found {
		if port.Type == intstr.String && !w.hasPort(port.StrVal) {
			report("means port %q, which %s does not have", port.StrVal, w.name)
		}
	}
}

func (s *manifests) checkNetworkPolicy(v *networkingv1.NetworkPolicy, report reporter) {
	found := s.checkSelector(&v.Spec.PodSelector, report)
	for _, rule := range v.Spec.Ingress {
		for _, port := range rule.Ports {
			if port.Port != nil {
				checkPorts(found, *port.Port, report)
			}
		}
	}
}

func (s *manifests) checkIngress(v *networkingv1.Ingress, report reporter) {
	for _, rule := range v.Spec.Rules {
		for _, path := range rule.HTTP.Paths {
			backend := path.Backend.Service
			named := slices.ContainsFunc(all[*corev1.Service](s), func(service *corev1.Service) bool {
				return service.Name == backend.Name && slices.ContainsFunc(service.Spec.Ports, func(p corev1.ServicePort) bool {
					return p.Name == backend.Port.Name
				})
			})
			if !named {
				report("leads to %s:%s, which does not exist", backend.Name, backend.Port.Name)
			}
		}
		if !slices.ContainsFunc(v.Spec.TLS, func(t networkingv1.IngressTLS) bool { return slices.Contains(t.Hosts, rule.Host) }) {
			report("serves %s without TLS", rule.Host)
		}
	}
}

// checkConfiguration proves that the product knows each variable, and that none
// of the secrets has a value.
func (s *manifests) checkConfiguration(known map[string]bool) []error {
	var problems []error
	for _, c := range all[*corev1.ConfigMap](s) {
		for name := range c.Data {
			if !known[name] {
				problems = append(problems, fmt.Errorf("ConfigMap %s: the product has no variable %s", c.Name, name))
			}
		}
	}
	for _, c := range all[*corev1.Secret](s) {
		for name, value := range c.StringData {
			if !known[name] {
				problems = append(problems, fmt.Errorf("the Secret %s: the product has no variable %s", c.Name, name))
			}
			if value != "" {
				problems = append(problems, fmt.Errorf("the Secret %s: %s has a value in the repository", c.Name, name))
			}
		}
		if len(c.Data) > 0 {
			problems = append(problems, fmt.Errorf("the Secret %s: has values in the repository", c.Name))
		}
	}
	return problems
}
