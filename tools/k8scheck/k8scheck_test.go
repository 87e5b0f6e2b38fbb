package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const bad = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: server, namespace: rustassistant}
spec:
  selector: {matchLabels: {app: server}}
  template:
    metadata: {labels: {app: serverr}}
    spec:
      serviceAccountName: nobody
      containers:
        - name: main
          image: rustassistant:latest
          envFrom: [{secretRef: {name: missing}}]
          volumeMounts: [{name: index, mountPath: /index}]
          lifecycle: {preStop: {exec: {command: [sleep, "5"]}}}
          livenessProbe: {httpGet: {path: /livez, port: web}}
---
apiVersion: v1
kind: Service
metadata: {name: server, namespace: elsewhere}
spec: {selector: {app: other}, ports: [{port: 80, targetPort: http}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: rustassistant}
data: {LOG_LEVLE: info}
---
apiVersion: v1
kind: Secret
metadata: {name: secrets, namespace: rustassistant}
stringData: {DATABASE_URL: "postgresql://a:b@c/d"}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: server, namespace: rustassistant}
spec: {maxReplicas: 2, scaleTargetRef: {kind: Deployment, name: srever}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: server, namespace: rustassistant}
spec:
  rules:
    - host: example.com
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: gone, port: {name: http}}}}]}
`

func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestEveryFindingIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"all.yaml": bad, "kustomization.yaml": "resources: [other.yaml]"})
	err := run(dir, "../../.env.example")
	if err == nil {
		t.Fatal("bad manifests passed")
	}
	for _, want := range []string{
		"kustomization.yaml: names other.yaml, which does not exist",
		"kustomization.yaml: does not name all.yaml",
		`is in namespace "elsewhere"`,
		"Service server: selects no pods",
		"the product has no variable LOG_LEVLE",
		"DATABASE_URL has a value in the repository",
		"scales Deployment srever, which does not exist",
		"leads to gone:http, which does not exist",
		"serves example.com without TLS",
		"Deployment server: does not select its own pods",
		"may run as root",
		"gets a token for the Kubernetes API",
		`runs as ServiceAccount "nobody"`,
		"may run all of its pods on one machine",
		"has no security context",
		"needs requests of CPU and memory",
		"reads Secret missing, which does not exist",
		"mounts volume index, which does not exist",
		"has no readiness probe",
		`means port "web"`,
		"has a preStop command",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("not reported: %s", want)
		}
	}
}

func TestMisspelledFieldsAreErrors(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"typed": "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: rustassistant}\nspec: {selectr: {app: a}}\n",
		"keda":  "apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {name: a, namespace: rustassistant}\nspec: {minReplicas: 1}\n",
		"twice": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: rustassistant}\ndata: {A: b, A: c}\n",
	} {
		if _, err := load(folder(t, map[string]string{"a.yaml": text})); err == nil {
			t.Errorf("%s passed", name)
		}
	}
}

func TestTheProductsOwnManifestsPass(t *testing.T) {
	t.Parallel()
	if err := run("../../k8s", "../../.env.example"); err != nil {
		t.Fatal(err)
	}
	// The names that the guide applies one by one.
	for _, name := range []string{"namespace", "configmap", "secrets", "deployment", "service", "ingress"} {
		if _, err := os.Stat("../../k8s/" + name + ".yaml"); err != nil {
			t.Error(err)
		}
	}
}
