package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const bad = `
services:
  database:
    image: postgres:latest
    restart: unless-stopped
    environment: {POSTGRES_PASSWORD: changeme}
    ports: ["5432:5432"]
  job:
    image: temporalio/admin-tools:1.29.1
    restart: always
    volumes: ["./missing.yaml:/config.yaml"]
  server:
    image: rustassistant:latest
    command: [fly]
    depends_on:
      database: {condition: service_healthy}
      job: {condition: service_completed_successfully}
    environment: {REDIS_URL: "redis://:${REDIS_PASSWORD:?set it}@redis"}
    ports: ["5432:8080"]
`

func write(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestEveryFindingIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	err := run(t.Context(), write(t, "compose.yml", bad), write(t, "env", "# OTHER=\n"), "/bin/false")
	if err == nil {
		t.Fatal("a bad file passed")
	}
	for _, want := range []string{
		`service database: image "postgres:latest" has no exact version`,
		"service database: POSTGRES_PASSWORD is written into the file",
		"service database: publishes port 5432 to other machines",
		"missing.yaml, which does not exist",
		"service server: image rustassistant:latest has no build section",
		"waits for the health of database, which has no healthcheck",
		"waits for the end of job, which is always restarted",
		"service server: publishes port 5432, as database does",
		`the product has no command "fly"`,
		"REDIS_PASSWORD is required but not in",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("not reported: %s", want)
		}
	}
	if strings.Contains(err.Error(), "REDIS_URL is written") {
		t.Error("a secret from the environment was taken for a written one")
	}
}

func TestTheProductsOwnFilePasses(t *testing.T) {
	t.Parallel()
	err := run(t.Context(), "../../docker-compose.temporal.yml", "../../.env.example", "/bin/true")
	if err != nil {
		t.Fatal(err)
	}
}
