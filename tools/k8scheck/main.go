package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
)

func main() {
	envExample := flag.String("env-example", "../.env.example", "file that documents the product's variables")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: k8scheck [-env-example FILE] FOLDER")
		os.Exit(2)
	}
	if err := run(flag.Arg(0), *envExample); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(dir, envExample string) error {
	set, err := load(dir)
	if err != nil {
		return err
	}
	known, err := documentedVariables(envExample)
	if err != nil {
		return err
	}
	problems := set.checkKustomization(dir)
	problems = append(problems, set.checkReferences()...)
	problems = append(problems, set.checkConfiguration(known)...)
	for _, w := range set.workloads() {
		problems = append(problems, w.check()...)
	}
	if len(problems) > 0 {
		return fmt.Errorf("%s:\n%w", dir, errors.Join(problems...))
	}
	fmt.Printf("%s: %d objects in %d files: fine\n", dir, len(set.objects), len(set.files))
	return nil
}
