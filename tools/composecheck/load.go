package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// placeholder stands for a secret's value: where it turns up later, the value
// came from the environment.
const placeholder = "from-the-environment-"

var requiredPattern = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*):?\?`)

// requiredVariables are those the file refuses to start without.
func requiredVariables(text string) []string {
	var names []string
	for _, match := range requiredPattern.FindAllStringSubmatch(text, -1) {
		names = append(names, match[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// load reads the file with only the given variables set.
func load(ctx context.Context, file string, variables []string) (*types.Project, error) {
	env := make([]string, len(variables))
	for i, name := range variables {
		env[i] = name + "=" + placeholder + name
	}
	options, err := cli.NewProjectOptions([]string{file},
		cli.WithWorkingDirectory(filepath.Dir(file)), cli.WithEnv(env), cli.WithResolvedPaths(true))
	if err != nil {
		return nil, err
	}
	return options.LoadProject(ctx)
}

// checkVariables proves that a missing secret stops the start by name, and
// that the example file tells about it.
func checkVariables(ctx context.Context, file string, required []string, envExample string) []error {
	var problems []error
	documented := ""
	if envExample != "" {
		text, err := os.ReadFile(envExample)
		if err != nil {
			return []error{err}
		}
		documented = string(text)
	}
	for i, name := range required {
		others := slices.Delete(slices.Clone(required), i, i+1)
		if _, err := load(ctx, file, others); err == nil || !strings.Contains(err.Error(), name) {
			problems = append(problems, fmt.Errorf("without %s it does not stop with a message that names it (%w)", name, err))
		}
		if envExample != "" && !regexp.MustCompile(`(?m)^#? ?`+name+`=`).MatchString(documented) {
			problems = append(problems, fmt.Errorf("%s is required but not in %s", name, envExample))
		}
	}
	return problems
}
