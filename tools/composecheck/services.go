package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
)

// product is the image built from this repository.
const product = "rustassistant:latest"

// open are the services other machines may reach.
var open = []string{"haproxy"}

var (
	pinned = regexp.MustCompile(`:v?\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?$`)
	secret = regexp.MustCompile(`(?i)(password|passwd|pwd|secret|token|_key|database_url|redis_url)$`)
)

func checkServices(project *types.Project) []error {
	var problems []error
	published := map[string]string{}
	for _, name := range project.ServiceNames() {
		service := project.Services[name]
		report := func(format string, args ...any) {
			problems = append(problems, fmt.Errorf("service %s: "+format, append([]any{name}, args...)...))
		}
		checkImage(service, report)
		checkMounts(service, report)
		checkDependencies(project, service, report)
		checkEnvironment(service, report)
		checkPorts(service, published, report)
	}
	return problems
}

type reporter func(format string, args ...any)

func checkImage(service types.ServiceConfig, report reporter) {
	if service.Image == product {
		if service.Build == nil {
			report("image %s has no build section", product)
		}
		return
	}
	if !pinned.MatchString(service.Image) {
		report("image %q has no exact version", service.Image)
	}
}

func checkMounts(service types.ServiceConfig, report reporter) {
	for _, volume := range service.Volumes {
		if volume.Type != types.VolumeTypeBind {
			continue
		}
		if _, err := os.Stat(volume.Source); err != nil {
			report("mounts %s, which does not exist", volume.Source)
		}
		if !volume.ReadOnly {
			report("mounts %s writable: configuration is :ro", volume.Source)
		}
	}
}

func checkDependencies(project *types.Project, service types.ServiceConfig, report reporter) {
	for name, dependency := range service.DependsOn {
		target, err := project.GetService(name)
		if err != nil {
			report("depends on %s: %w", name, err)
			continue
		}
		switch dependency.Condition {
		case types.ServiceConditionHealthy:
			if target.HealthCheck == nil || target.HealthCheck.Disable {
				report("waits for the health of %s, which has no healthcheck", name)
			}
		case types.ServiceConditionCompletedSuccessfully:
			if target.Restart == types.RestartPolicyAlways || target.Restart == types.RestartPolicyUnlessStopped {
				report("waits for the end of %s, which is always restarted", name)
			}
		default:
			report("waits for %s to be started only: say healthy or completed", name)
		}
	}
}

func checkEnvironment(service types.ServiceConfig, report reporter) {
	for name, value := range service.Environment {
		if secret.MatchString(name) && value != nil && *value != "" && !strings.Contains(*value, placeholder) {
			report("%s is written into the file: take it from .env", name)
		}
	}
}

func checkPorts(service types.ServiceConfig, published map[string]string, report reporter) {
	for _, port := range service.Ports {
		if other, taken := published[port.Published]; taken {
			report("publishes port %s, as %s does", port.Published, other)
		}
		published[port.Published] = service.Name
		if port.HostIP != "127.0.0.1" && !slices.Contains(open, service.Name) {
			report("publishes port %s to other machines: bind it to 127.0.0.1", port.Published)
		}
	}
}

// checkCommands asks the product for help on every command the file uses.
func checkCommands(ctx context.Context, project *types.Project, binary string) []error {
	var problems []error
	try := func(service string, command []string) {
		if out, err := exec.CommandContext(ctx, binary, append(command, "--help")...).CombinedOutput(); err != nil {
			problems = append(problems, fmt.Errorf("service %s: the product has no command %q: %s",
				service, strings.Join(command, " "), strings.TrimSpace(string(out))))
		}
	}
	for _, name := range project.ServiceNames() {
		service := project.Services[name]
		if service.Image != product {
			continue
		}
		try(name, service.Command)
		if check := service.HealthCheck; check != nil && len(check.Test) > 2 && check.Test[1] == "rustassistant" {
			try(name, check.Test[2:])
		}
	}
	return problems
}
