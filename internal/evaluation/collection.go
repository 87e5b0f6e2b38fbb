package evaluation

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Collection is a set of documents with queries whose relevant documents are known.
type Collection struct {
	Name    string
	Corpus  string // path of the documents
	Queries []Query
}

// Query is one question with its judgements, of which at least one is relevant.
type Query struct {
	ID     string
	Text   string
	Judged Judgements
}

var (
	corpusNames = []string{"corpus.jsonl", "corpus.jsonl.zst", "corpus.jsonl.gz"}
	qrelsNames  = []string{"qrels.tsv", "qrels/test.tsv", "qrels.txt"}
)

// Find lists the collections in a folder: the folder itself, or those of its subfolders that are collections.
func Find(dir string) ([]string, error) {
	if firstFile(dir, corpusNames) != "" {
		return []string{dir}, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, e := range entries {
		if sub := filepath.Join(dir, e.Name()); e.IsDir() && firstFile(sub, corpusNames) != "" {
			found = append(found, sub)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s is no collection and holds none: a collection is a folder with corpus.jsonl, queries.jsonl and qrels.tsv", dir)
	}
	return found, nil
}

func firstFile(dir string, names []string) string {
	for _, name := range names {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
	}
	return ""
}

// Load reads the queries and judgements of a collection. Queries without a relevant document are left out.
func Load(dir string) (*Collection, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	c := &Collection{Name: filepath.Base(abs), Corpus: firstFile(dir, corpusNames)}
	qrels := firstFile(dir, qrelsNames)
	if c.Corpus == "" || qrels == "" {
		return nil, fmt.Errorf("%s needs corpus.jsonl and qrels.tsv: %w", dir, fs.ErrNotExist)
	}
	judged, err := loadJudgements(qrels)
	if err != nil {
		return nil, err
	}
	texts, err := loadQueries(filepath.Join(dir, "queries.jsonl"))
	if err != nil {
		return nil, err
	}
	for id, j := range judged {
		if text, ok := texts[id]; ok && j.Relevant() > 0 {
			c.Queries = append(c.Queries, Query{id, text, j})
		}
	}
	if len(c.Queries) == 0 {
		return nil, fmt.Errorf("%s: no query of queries.jsonl has a relevant document in %s", dir, qrels)
	}
	slices.SortFunc(c.Queries, func(a, b Query) int { return strings.Compare(a.ID, b.ID) })
	return c, nil
}

// maxLine bounds a line of queries and judgements, in bytes.
const maxLine = 16 << 20

// eachLine calls fn for the lines of a file that are not blank.
func eachLine(path string, fn func(number int, line string) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" {
			continue
		}
		if err := fn(number, line); err != nil {
			return fmt.Errorf("%s:%d: %w", path, number, err)
		}
	}
	return lines.Err()
}

func loadQueries(path string) (map[string]string, error) {
	texts := map[string]string{}
	err := eachLine(path, func(_ int, line string) error {
		var q struct {
			ID   json.RawMessage `json:"_id"`
			Text string          `json:"text"`
		}
		if err := json.Unmarshal([]byte(line), &q); err != nil {
			return err
		}
		id := strings.Trim(string(q.ID), `"`)
		if len(q.ID) > 0 && q.ID[0] == '"' {
			if err := json.Unmarshal(q.ID, &id); err != nil {
				return err
			}
		}
		texts[id] = q.Text
		return nil
	})
	return texts, err
}

var errQrels = errors.New("is not query-id, corpus-id, score, separated by tabs or blanks")

// loadJudgements reads the three columns of BEIR, the four of trec_eval (query, iteration, document, relevance), or two
// where every listed document is relevant.
func loadJudgements(path string) (map[string]Judgements, error) {
	judged := map[string]Judgements{}
	err := eachLine(path, func(number int, line string) error {
		fields := strings.Fields(line)
		if len(fields) == 4 {
			fields = []string{fields[0], fields[2], fields[3]}
		}
		if len(fields) == 2 {
			fields = append(fields, "1")
		}
		if len(fields) != 3 {
			return errQrels
		}
		rel, err := strconv.ParseFloat(fields[2], 64)
		switch {
		case number == 1 && (err != nil || fields[0] == "query-id"): // the head
			return nil //nolint:nilerr // it has words where numbers are expected
		case err != nil:
			return errQrels
		}
		if judged[fields[0]] == nil {
			judged[fields[0]] = Judgements{}
		}
		judged[fields[0]][fields[1]] = int(rel)
		return nil
	})
	return judged, err
}
