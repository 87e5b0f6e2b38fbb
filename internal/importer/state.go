package importer

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/google/uuid"
)

// stateVersion changes when older files can no longer be understood; they are then started over.
const stateVersion = 1

// state remembers what the server accepted. It is a log of JSON lines that is appended to before and after each batch
// and rewritten when an import has finished; a half-written last line is ignored. The whole of it is kept in memory:
// about 150 bytes for each file of a folder, or for each batch of NDJSON.
type state struct {
	mu   sync.Mutex
	path string
	log  *os.File

	files   map[string]fileState // by external id
	slots   map[int]slotState    // by number of batch
	jobs    map[string]int       // accepted documents of jobs that were not seen to end, by id
	pending map[string]string    // idempotency keys of batches whose answer is not known, by hash
	header  stateEntry
	lastJob string
}

type fileState struct {
	hash [16]byte
	job  string
}

type slotState struct {
	hash  string
	job   string
	lines int
}

// stateEntry is one line of the log; each line uses one group of fields.
type stateEntry struct {
	Version int    `json:"version,omitempty"`
	Server  string `json:"server,omitempty"`
	Tenant  string `json:"tenant,omitempty"`
	Path    string `json:"path,omitempty"`

	Sending string `json:"sending,omitempty"` // hash of a batch
	Key     string `json:"key,omitempty"`

	Sent     string            `json:"sent,omitempty"` // hash of a batch
	Job      string            `json:"job,omitempty"`
	Accepted int               `json:"accepted,omitempty"`
	Slot     *int              `json:"slot,omitempty"`
	Lines    int               `json:"lines,omitempty"`
	Files    map[string]string `json:"files,omitempty"` // external id to hash

	Ended  string   `json:"ended,omitempty"`  // job
	Clean  bool     `json:"clean,omitempty"`  // the ended job had no failures
	Forget []string `json:"forget,omitempty"` // external ids that are to be sent again
}

// statePath names the file of an import: one for each server, tenant and path.
func statePath(dir, server, tenant, path string) string {
	sum := sha256.Sum256([]byte(server + "\x00" + tenant + "\x00" + path))
	return filepath.Join(dir, hex.EncodeToString(sum[:12])+".jsonl")
}

// openState reads what an earlier run left. A file that cannot be understood is started over: sending a document twice
// does no harm.
func openState(path string, header stateEntry, restart bool) (*state, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("create the folder for the import's state: %w", err)
	}
	s := &state{path: path}
	s.clear()
	if !restart {
		if err := s.load(); err != nil {
			return nil, err
		}
	}
	s.header = header
	s.header.Version = stateVersion
	return s, s.rewrite()
}

// memoryState remembers nothing beyond the process.
func memoryState() *state {
	s := &state{}
	s.clear()
	return s
}

func (s *state) clear() {
	s.files, s.slots, s.lastJob = map[string]fileState{}, map[int]slotState{}, ""
	s.jobs, s.pending = map[string]int{}, map[string]string{}
}

func (s *state) load() error {
	file, err := os.Open(s.path)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the import's state: %w", err)
	}
	defer file.Close()
	lines := newLineReader(bufio.NewReader(file), maxLineBytes)
	for first := true; ; first = false {
		line, err := lines.next()
		if err != nil {
			return nil // the end; an unreadable rest is sent again
		}
		var e stateEntry
		if json.Unmarshal(line, &e) != nil {
			continue
		}
		if first && e.Version != stateVersion {
			return nil
		}
		s.apply(&e)
	}
}

// apply replays one entry.
func (s *state) apply(e *stateEntry) {
	switch {
	case e.Sending != "":
		s.pending[e.Sending] = e.Key
	case e.Sent != "":
		s.applySent(e)
	case e.Ended != "":
		s.applyEnded(e)
	}
	for _, id := range e.Forget {
		delete(s.files, id)
	}
}

func (s *state) applySent(e *stateEntry) {
	delete(s.pending, e.Sent)
	if e.Job != "" {
		s.lastJob = e.Job
		if e.Accepted > 0 {
			s.jobs[e.Job] = e.Accepted
		}
	}
	if e.Slot != nil {
		s.slots[*e.Slot] = slotState{hash: e.Sent, job: e.Job, lines: e.Lines}
	}
	for id, hash := range e.Files {
		f := fileState{job: e.Job}
		if raw, err := hex.DecodeString(hash); err == nil && len(raw) == len(f.hash) {
			f.hash = [16]byte(raw)
			s.files[id] = f
		}
	}
}

// applyEnded forgets a batch of NDJSON whose job had failures: its good lines will be answered as unchanged.
func (s *state) applyEnded(e *stateEntry) {
	delete(s.jobs, e.Ended)
	if e.Clean {
		return
	}
	for n, slot := range s.slots {
		if slot.job == e.Ended {
			delete(s.slots, n)
		}
	}
	if len(e.Forget) == 0 { // it is not known which files failed
		for id, f := range s.files {
			if f.job == e.Ended {
				delete(s.files, id)
			}
		}
	}
}

// rewrite replaces the log by one that holds the present state only, and keeps it open for appending.
func (s *state) rewrite() error {
	temporary := s.path + ".new"
	file, err := os.OpenFile(temporary, os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("write the import's state: %w", err)
	}
	w := bufio.NewWriter(file)
	enc := json.NewEncoder(w)
	err = enc.Encode(s.header)
	for _, e := range s.entries() {
		if err == nil {
			err = enc.Encode(e)
		}
	}
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = os.Rename(temporary, s.path)
	}
	if err != nil {
		file.Close()
		return fmt.Errorf("write the import's state: %w", err)
	}
	if s.log != nil {
		s.log.Close()
	}
	s.log = file
	return nil
}

// entries describes the present state.
func (s *state) entries() []stateEntry {
	byJob := map[string]map[string]string{}
	for id, f := range s.files {
		if byJob[f.job] == nil {
			byJob[f.job] = map[string]string{}
		}
		byJob[f.job][id] = hex.EncodeToString(f.hash[:])
	}
	var out []stateEntry
	for job, files := range byJob {
		out = append(out, stateEntry{Sent: "-", Job: job, Files: files, Accepted: s.jobs[job]})
	}
	for n, slot := range s.slots {
		out = append(out, stateEntry{Sent: slot.hash, Job: slot.job, Slot: &n, Lines: slot.lines, Accepted: s.jobs[slot.job]})
	}
	for hash, key := range s.pending {
		out = append(out, stateEntry{Sending: hash, Key: key})
	}
	return out
}

// append applies an entry and writes it to the log.
func (s *state) append(e *stateEntry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.apply(e)
	if s.log == nil {
		return nil
	}
	raw, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if _, err := s.log.Write(append(raw, '\n')); err != nil {
		return fmt.Errorf("write the import's state: %w", err)
	}
	return nil
}

// keyFor gives the idempotency key for a batch: that of the attempt whose answer was never seen, or a new one.
func (s *state) keyFor(hash string) (string, error) {
	s.mu.Lock()
	key, ok := s.pending[hash]
	s.mu.Unlock()
	if ok {
		return key, nil
	}
	key = uuid.NewString()
	return key, s.append(&stateEntry{Sending: hash, Key: key})
}

// knowsFile says whether this very line was accepted for a file.
func (s *state) knowsFile(id string, line []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.files[id]
	return ok && f.hash == lineHash(line)
}

// knowsSlot says whether this very batch was accepted under its number.
func (s *state) knowsSlot(n int, hash string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	slot, ok := s.slots[n]
	return ok && slot.hash == hash
}

// unfinished are the jobs of earlier runs that were not seen to end, with their documents.
func (s *state) unfinished() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[string]int, len(s.jobs))
	for id, n := range s.jobs {
		out[id] = n
	}
	return out
}

// finish forgets the keys of requests that were never answered: an import that has run to its end has no use for them,
// and a later one that sends the same again after something else must be heard.
func (s *state) finish() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.log == nil {
		return nil
	}
	clear(s.pending)
	return s.rewrite()
}

// close keeps the log.
func (s *state) close() error {
	if s.log == nil {
		return nil
	}
	return s.log.Close()
}

func lineHash(line []byte) [16]byte {
	sum := sha256.Sum256(line)
	return [16]byte(sum[:16])
}
