package devstack

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
)

// Environment variables that point at programs outside the usual places.
const (
	EnvPostgresBin = "DEV_POSTGRES_BIN" // folder with initdb and postgres
	EnvTemporalCLI = "DEV_TEMPORAL_CLI" // the temporal program
)

// TemporalCLIVersion is the version `make tools` builds and Start prefers.
const TemporalCLIVersion = "1.5.1"

// minPostgres is the oldest supported major version.
const minPostgres = 15

// MissingToolError says which program was not found and how to get it.
type MissingToolError struct {
	Tool string
	Hint string
}

func (e *MissingToolError) Error() string { return e.Tool + " was not found: " + e.Hint }

// pgInstall is one installed PostgreSQL.
type pgInstall struct {
	bin   string // folder of initdb and postgres
	major int
}

// findPostgres returns the newest installation, or the one that can open an
// existing cluster of the given major version (0: there is none yet).
func findPostgres(cluster int) (pgInstall, error) {
	var newest pgInstall
	for _, dir := range postgresDirs() {
		major := postgresMajor(dir)
		if cluster != 0 && major == cluster {
			return pgInstall{dir, major}, nil
		}
		if major > newest.major {
			newest = pgInstall{dir, major}
		}
	}
	if cluster != 0 {
		return newest, &MissingToolError{
			Tool: fmt.Sprintf("PostgreSQL %d", cluster),
			Hint: fmt.Sprintf("the data folder was made with it; install it again (apt-get install postgresql-%d), "+
				"or move the data with pg_dump, or choose another data folder", cluster),
		}
	}
	if newest.major < minPostgres {
		return newest, &MissingToolError{
			Tool: fmt.Sprintf("PostgreSQL %d or newer", minPostgres),
			Hint: "run `make tools`, or install it (Debian: apt-get install postgresql), or set " + EnvPostgresBin,
		}
	}
	return newest, nil
}

func postgresDirs() []string {
	if dir := os.Getenv(EnvPostgresBin); dir != "" {
		return []string{dir}
	}
	var dirs []string
	if name, err := exec.LookPath("postgres"); err == nil {
		if resolved, err := filepath.EvalSymlinks(name); err == nil {
			dirs = append(dirs, filepath.Dir(resolved))
		}
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/opt/postgresql@*/bin",
	} {
		found, _ := filepath.Glob(pattern) // the patterns are constant
		sort.Strings(found)
		dirs = append(dirs, found...)
	}
	return dirs
}

var postgresVersion = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// postgresMajor is 0 when the folder does not hold a complete server.
func postgresMajor(dir string) int {
	if !exists(filepath.Join(dir, "initdb")) {
		return 0
	}
	out, err := exec.Command(filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return 0
	}
	match := postgresVersion.FindSubmatch(out)
	if match == nil {
		return 0
	}
	major, err := strconv.Atoi(string(match[1]))
	if err != nil {
		return 0
	}
	return major
}

// FindTemporal returns the path of the Temporal CLI. It prefers what the user names, then the pinned build in the tool
// cache, then whatever is on the PATH.
func FindTemporal() (string, error) {
	if name := os.Getenv(EnvTemporalCLI); name != "" {
		path, err := exec.LookPath(name)
		if err != nil {
			return "", fmt.Errorf("devstack: %s=%s: %w", EnvTemporalCLI, name, err)
		}
		return path, nil
	}
	if cache, err := toolCache(); err == nil {
		cached := filepath.Join(cache, "temporal-"+TemporalCLIVersion, "temporal")
		if exists(cached) {
			return cached, nil
		}
	}
	path, err := exec.LookPath("temporal")
	if errors.Is(err, exec.ErrNotFound) {
		return "", &MissingToolError{
			Tool: "the Temporal CLI",
			Hint: "run `make tools` (builds it once, some minutes), or install temporal " + TemporalCLIVersion + ", or set " + EnvTemporalCLI,
		}
	}
	if err != nil {
		return "", fmt.Errorf("devstack: temporal: %w", err)
	}
	return path, nil
}

// toolCache is where scripts/tools.sh puts what it builds.
func toolCache() (string, error) {
	dir := os.Getenv("XDG_CACHE_HOME")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(home, ".cache")
	}
	return filepath.Join(dir, "rustassistant", "tools"), nil
}
