package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"github.com/rustassistant/rustassistant/internal/apiclient"
)

const (
	formatTable    = "table"
	formatMarkdown = "markdown"
	formatJSON     = "json"
)

// environment is where addresses come from; the second database is that of
// withstack, which starts one for the command.
type environment struct {
	Server       string `env:"RUSTASSISTANT_SERVER"`
	APIKey       string `env:"RUSTASSISTANT_API_KEY"`
	Database     string `env:"DATABASE_URL"`
	TestDatabase string `env:"TEST_DATABASE_URL"`
}

type querySet struct {
	name    string
	queries []string
}

// flags are what is measured, and how.
type flags struct {
	environment
	corpus           corpus
	sets             []querySet
	engines          []string
	clients          []int
	warmup, duration time.Duration
	timeout          time.Duration
	tenant, kind     string
	skip             bool
	dir, format      string
}

func parseFlags(args []string, progress io.Writer) (*flags, error) {
	f := &flags{}
	if err := env.Parse(&f.environment); err != nil {
		return nil, fmt.Errorf("read the environment: %w", err)
	}
	set := flag.NewFlagSet("beside", flag.ContinueOnError)
	set.SetOutput(progress)
	var queries []string
	var engines, clients string
	var asJSON, asMarkdown bool
	set.StringVar(&f.corpus.path, "file", "", "documents: NDJSON, plain or .gz or .zst, as import takes it (required)")
	set.IntVar(&f.corpus.limit, "limit", 0, "take the first documents only; 0 takes all")
	set.Func("queries", "file with one query a line, may be given again (required)", func(s string) error { queries = append(queries, s); return nil })
	set.StringVar(&engines, "engines", "rustassistant,bleve,postgres", "what is measured, in this order")
	set.StringVar(&clients, "clients", "1,4", "clients at the same time; latencies are shown of the first, answers a second of the last")
	set.DurationVar(&f.duration, "duration", 10*time.Second, "how long each search is measured")
	set.DurationVar(&f.warmup, "warmup", 2*time.Second, "how long is asked before")
	set.DurationVar(&f.timeout, "timeout", time.Hour, "when everything ends, whatever is missing")
	set.StringVar(&f.Server, "server", f.Server, "address of RustAssistant (RUSTASSISTANT_SERVER; default "+apiclient.DefaultServer+")")
	set.StringVar(&f.tenant, "tenant", "beside", "slug of RustAssistant's tenant; it is made, and must be empty")
	set.StringVar(&f.kind, "type", "keyword", "keyword, semantic or hybrid, for RustAssistant")
	set.BoolVar(&f.skip, "skip-import", false, "RustAssistant's tenant holds the documents already")
	set.StringVar(&f.dir, "dir", "", "folder for Bleve's index; default: the system's for temporary files")
	set.BoolVar(&asJSON, "json", false, "print JSON")
	set.BoolVar(&asMarkdown, "markdown", false, "print a Markdown table")
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	f.engines = strings.Split(engines, ",")
	f.format = format(asJSON, asMarkdown)
	return f, errors.Join(f.readClients(clients), f.readQueries(queries), f.check(set.Args()))
}

func format(asJSON, asMarkdown bool) string {
	switch {
	case asJSON:
		return formatJSON
	case asMarkdown:
		return formatMarkdown
	}
	return formatTable
}

func (f *flags) check(rest []string) error {
	if len(rest) > 0 {
		return fmt.Errorf("%q is no flag", rest[0])
	}
	for _, name := range f.engines {
		if !slices.Contains([]string{"rustassistant", "bleve", "postgres"}, name) {
			return fmt.Errorf("there is no engine %q: use rustassistant, bleve and postgres, with commas between", name)
		}
		if name == "postgres" && f.database() == "" {
			return errors.New("set DATABASE_URL for postgres, or leave it out with --engines rustassistant,bleve")
		}
	}
	if f.duration <= 0 || f.timeout <= 0 || f.warmup < 0 {
		return errors.New("--duration and --timeout must be above 0")
	}
	return f.corpus.check()
}

func (f *flags) database() string {
	if f.Database != "" {
		return f.Database
	}
	return f.TestDatabase
}

func (f *flags) readClients(text string) error {
	for field := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(field))
		if err != nil || n < 1 || n > 1000 {
			return fmt.Errorf("--clients %q: write numbers from 1 to 1000 with commas between", text)
		}
		f.clients = append(f.clients, n)
	}
	return nil
}

func (f *flags) readQueries(paths []string) error {
	if len(paths) == 0 {
		return errors.New("--queries is missing: a file with one query a line")
	}
	for _, path := range paths {
		queries, err := readLines(path)
		if err != nil {
			return err
		}
		if len(queries) == 0 {
			return fmt.Errorf("%s holds no queries", path)
		}
		name := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
		f.sets = append(f.sets, querySet{strings.TrimPrefix(name, "queries_"), queries})
	}
	return nil
}

func readLines(path string) (lines []string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	scanner := bufio.NewScanner(file)
	for scanner.Scan() {
		if line := strings.TrimSpace(scanner.Text()); line != "" {
			lines = append(lines, line)
		}
	}
	return lines, scanner.Err()
}

func (f *flags) open(ctx context.Context, name string) (engine, error) {
	switch name {
	case "bleve":
		return newBleve(f.dir)
	case "postgres":
		return newPostgres(ctx, f.database(), slices.Max(f.clients))
	default:
		return newOurs(ctx, apiclient.Options{BaseURL: f.Server, APIKey: f.APIKey, Tenant: f.tenant}, f.kind, f.skip)
	}
}
