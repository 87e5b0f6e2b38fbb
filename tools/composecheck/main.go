package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
)

func main() {
	envExample := flag.String("env-example", "", "file that must document every required variable")
	binary := flag.String("binary", "", "the product's program, to try the services' commands with")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: composecheck [-env-example FILE] [-binary FILE] COMPOSE-FILE")
		os.Exit(2)
	}
	if err := run(context.Background(), flag.Arg(0), *envExample, *binary); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, file, envExample, binary string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	required := requiredVariables(string(text))
	project, err := load(ctx, file, required)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	problems := append(checkServices(project), checkVariables(ctx, file, required, envExample)...)
	if binary != "" {
		problems = append(problems, checkCommands(ctx, project, binary)...)
	}
	if len(problems) > 0 {
		return fmt.Errorf("%s:\n%w", file, errors.Join(problems...))
	}
	fmt.Printf("%s: %d services, %d volumes, %d required variables: fine\n",
		file, len(project.Services), len(project.Volumes), len(required))
	return nil
}
