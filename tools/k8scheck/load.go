package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// namespace is where everything belongs.
const namespace = "rustassistant"

// manifests are the objects of a folder.
type manifests struct {
	files   []string
	objects []object
}

// object is one document of a file.
type object struct {
	file, kind string
	meta       metav1.Object
	value      any
}

func (o object) String() string { return fmt.Sprintf("%s: %s %s", o.file, o.kind, o.meta.GetName()) }

// scaledObject is as much of KEDA's type as is used here.
type scaledObject struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		ScaleTargetRef  autoscalingv2.CrossVersionObjectReference `json:"scaleTargetRef"`
		PollingInterval *int32                                    `json:"pollingInterval"`
		CooldownPeriod  *int32                                    `json:"cooldownPeriod"`
		MinReplicaCount *int32                                    `json:"minReplicaCount"`
		MaxReplicaCount *int32                                    `json:"maxReplicaCount"`
		Fallback        *struct {
			FailureThreshold int32 `json:"failureThreshold"`
			Replicas         int32 `json:"replicas"`
		} `json:"fallback"`
		Triggers []struct {
			Type     string            `json:"type"`
			Metadata map[string]string `json:"metadata"`
		} `json:"triggers"`
	} `json:"spec"`
}

// kustomization is as much of Kustomize's type as is used here.
type kustomization struct {
	metav1.TypeMeta `json:",inline"`
	Resources       []string `json:"resources"`
}

func decoder() (runtime.Decoder, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, appsv1.AddToScheme, batchv1.AddToScheme, networkingv1.AddToScheme,
		autoscalingv2.AddToScheme, policyv1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	return serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer(), nil
}

// load decodes every file of the folder.
func load(dir string) (*manifests, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil || len(names) == 0 {
		return nil, fmt.Errorf("%s has no *.yaml (%w)", dir, err)
	}
	decode, err := decoder()
	if err != nil {
		return nil, err
	}
	set := &manifests{}
	var problems []error
	for _, name := range names {
		file := filepath.Base(name)
		if file == "kustomization.yaml" {
			continue
		}
		set.files = append(set.files, file)
		if err := set.loadFile(decode, name, file); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", file, err))
		}
	}
	return set, errors.Join(problems...)
}

func (s *manifests) loadFile(decode runtime.Decoder, name, file string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	documents := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.add(decode, file, document); err != nil {
			return err
		}
	}
}

func (s *manifests) add(decode runtime.Decoder, file string, document []byte) error {
	var head metav1.TypeMeta
	if err := yaml.Unmarshal(document, &head); err != nil {
		return err
	}
	if head.Kind == "ScaledObject" {
		var scaled scaledObject
		if err := yaml.UnmarshalStrict(document, &scaled); err != nil {
			return err
		}
		s.objects = append(s.objects, object{file, head.Kind, &scaled.ObjectMeta, &scaled})
		return nil
	}
	value, kind, err := decode.Decode(document, nil, nil)
	if err != nil {
		return err
	}
	meta, ok := value.(metav1.Object)
	if !ok {
		return fmt.Errorf("%s has no metadata", kind.Kind)
	}
	s.objects = append(s.objects, object{file, kind.Kind, meta, value})
	return nil
}

// all returns the objects of one type.
func all[T any](s *manifests) (found []T) {
	for _, o := range s.objects {
		if v, ok := o.value.(T); ok {
			found = append(found, v)
		}
	}
	return found
}

// has reports whether there is an object of a kind and name.
func (s *manifests) has(kind, name string) bool {
	return slices.ContainsFunc(s.objects, func(o object) bool { return o.kind == kind && o.meta.GetName() == name })
}

var variablePattern = regexp.MustCompile(`(?m)^#? ?([A-Z][A-Z0-9_]+)=`)

func documentedVariables(file string) (map[string]bool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, match := range variablePattern.FindAllSubmatch(text, -1) {
		known[string(match[1])] = true
	}
	return known, nil
}
