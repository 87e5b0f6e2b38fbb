package importer

import (
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/format/gitignore"
)

// skippedFolders hold what nobody wrote by hand.
var skippedFolders = map[string]bool{
	".git": true, ".hg": true, ".svn": true, "node_modules": true, "vendor": true, "__pycache__": true, ".venv": true, ".tox": true,
	".idea": true, ".vscode": true, ".cache": true, ".terraform": true,
}

// selection says which files of a folder are documents. Patterns are written as in .gitignore.
type selection struct {
	include, exclude gitignore.Matcher // nil without patterns
	gitignore        bool
}

func newSelection(include, exclude []string, useGitignore bool) selection {
	return selection{include: matcher(include), exclude: matcher(exclude), gitignore: useGitignore}
}

func matcher(patterns []string) gitignore.Matcher {
	var parsed []gitignore.Pattern
	for _, p := range patterns {
		if p = strings.TrimSpace(p); p != "" {
			parsed = append(parsed, gitignore.ParsePattern(filepath.ToSlash(p), nil))
		}
	}
	if len(parsed) == 0 {
		return nil
	}
	return gitignore.NewMatcher(parsed)
}

// folderSource walks a folder in the order of its names.
type folderSource struct {
	root    string
	choose  selection
	docType string
	state   *state
	report  *report
	length  int64
}

// newFolderSource walks once to know how much there is.
func newFolderSource(root string, choose selection, docType string, st *state, r *report) (*folderSource, error) {
	root, err := filepath.EvalSymlinks(root) // a walk would not follow it
	if err != nil {
		return nil, err
	}
	f := &folderSource{root: root, choose: choose, docType: docType, state: st, report: r}
	err = f.walk(func(_, _ string, size int64, skip error) error {
		if skip == nil {
			f.length += size
		}
		return nil
	}, func(string, error) {})
	return f, err
}

func (f *folderSource) size() int64 { return f.length }

var errStop = errors.New("stop")

// records implements source. Files whose hash is in the state are counted as known and not yielded.
func (f *folderSource) records() iter.Seq2[record, error] {
	return func(yield func(record, error) bool) {
		var read int64
		err := f.walk(func(file, name string, size int64, skip error) error {
			if skip != nil {
				f.report.skip(name, skip)
				return nil
			}
			read += size
			return f.emit(file, name, read, yield)
		}, f.unreadable)
		if err != nil && !errors.Is(err, errStop) {
			yield(record{}, err)
		}
	}
}

// emit yields one file, unless it is no text or known.
func (f *folderSource) emit(file, name string, read int64, yield func(record, error) bool) error {
	doc, err := documentOf(file, name, f.docType)
	switch {
	case errors.As(err, new(skipError)):
		f.report.skip(name, err)
		return nil
	case err != nil:
		f.unreadable(name, err)
		return nil
	}
	line, err := encode(doc)
	switch {
	case err != nil:
		return err
	case f.state.knowsFile(name, line):
		f.report.known(1, read)
		return nil
	case !yield(record{line: line, externalID: name, origin: origin{file: name}, input: read}, nil):
		return errStop
	}
	return nil
}

func (f *folderSource) unreadable(name string, err error) {
	f.report.fail(origin{file: name}, name, "unreadable", err.Error())
}

// fileSource is a single document. It is read whatever its type.
type fileSource struct {
	folderSource
	file string
}

func newFileSource(file string, size int64, docType string, st *state, r *report) *fileSource {
	return &fileSource{folderSource{docType: docType, state: st, report: r, length: size}, file}
}

// records implements source.
func (f *fileSource) records() iter.Seq2[record, error] {
	return func(yield func(record, error) bool) {
		if err := f.emit(f.file, filepath.Base(f.file), f.length, yield); err != nil && !errors.Is(err, errStop) {
			yield(record{}, err)
		}
	}
}

// walk visits every file. skip is set for those that are not selected.
func (f *folderSource) walk(visit func(file, name string, size int64, skip error) error, broken func(name string, err error)) error {
	ignored := &ignoreFiles{enabled: f.choose.gitignore, patterns: map[string][]gitignore.Pattern{}}
	return filepath.WalkDir(f.root, func(file string, entry fs.DirEntry, err error) error {
		name, relErr := filepath.Rel(f.root, file)
		if relErr != nil {
			return relErr
		}
		name = filepath.ToSlash(name)
		if err != nil {
			if name == "." {
				return err
			}
			broken(name, err)
			return nil
		}
		parts := strings.Split(name, "/")
		if entry.IsDir() {
			return f.enter(file, name, parts, entry, ignored)
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		info, gone := entry.Info() // fails for a file that was removed since the folder was listed
		if gone != nil {
			return nil //nolint:nilerr // a file that is not there is not imported
		}
		return visit(file, name, info.Size(), f.skip(name, parts, info.Size(), ignored))
	})
}

// enter decides about a folder.
func (f *folderSource) enter(file, name string, parts []string, entry fs.DirEntry, ignored *ignoreFiles) error {
	if name == "." {
		ignored.read(file, nil)
		return nil
	}
	if skippedFolders[entry.Name()] || ignored.match(parts, true) || f.choose.exclude != nil && f.choose.exclude.Match(parts, true) {
		return filepath.SkipDir
	}
	ignored.read(file, parts)
	return nil
}

// skip says why a file is not selected, nil if it is.
func (f *folderSource) skip(name string, parts []string, size int64, ignored *ignoreFiles) error {
	switch {
	case f.choose.exclude != nil && f.choose.exclude.Match(parts, false), ignored.match(parts, false):
		return skipIgnored
	case f.choose.include != nil && !f.choose.include.Match(parts, false):
		return skipType
	case f.choose.include == nil && formatOf(name) == "":
		return skipType
	case size > maxFileBytes:
		return skipLarge
	}
	return nil
}

// ignoreFiles holds the .gitignore files of the folders on the way to the one that is walked.
type ignoreFiles struct {
	enabled  bool
	patterns map[string][]gitignore.Pattern // by folder; each has those of the folders above it too
}

// read adds a folder's .gitignore. A folder above is always read before.
func (g *ignoreFiles) read(folder string, parts []string) {
	if !g.enabled {
		return
	}
	var all []gitignore.Pattern
	if len(parts) > 0 {
		all = g.patterns[strings.Join(parts[:len(parts)-1], "/")]
	}
	if raw, err := os.ReadFile(filepath.Join(folder, ".gitignore")); err == nil && len(raw) <= 1<<20 {
		all = all[:len(all):len(all)]
		for line := range strings.Lines(string(raw)) {
			line = strings.TrimRight(line, "\r\n")
			if strings.TrimSpace(line) != "" && !strings.HasPrefix(line, "#") {
				all = append(all, gitignore.ParsePattern(line, parts))
			}
		}
	}
	g.patterns[strings.Join(parts, "/")] = all
}

func (g *ignoreFiles) match(parts []string, isDir bool) bool {
	patterns := g.patterns[strings.Join(parts[:len(parts)-1], "/")]
	return len(patterns) > 0 && gitignore.NewMatcher(patterns).Match(parts, isDir)
}
