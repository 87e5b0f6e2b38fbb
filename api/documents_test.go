package api

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/domain"
)

func TestDocumentIsAcceptedReadChangedAndDeleted(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	made := e.create(map[string]any{
		"title": "Test Doc", "content": "Test content", "tags": []string{"a", "b"}, "metadata": map[string]any{"n": 1},
		"doc_type": "guide", "external_id": "x/1", "source_url": "https://example.com", "repo_id": "r", "language": "en", "source_type": "git",
	})
	require.Equal(t, "queued_for_indexing", made.Status)
	require.NotNil(t, made.JobID)
	require.Len(t, e.starter.started(), 1)
	require.Equal(t, *made.JobID, e.starter.started()[0].ID)

	path := "/api/documents/" + made.ID.String()
	doc := e.do("GET", path, nil).is(http.StatusOK).json()
	require.Equal(t, "Test content", doc["content"])
	require.Equal(t, []any{"a", "b"}, doc["tags"])
	require.Equal(t, map[string]any{"n": float64(1)}, doc["metadata"])
	require.Equal(t, "queued", doc["state"])
	require.Equal(t, false, doc["searchable"])

	var changed AcceptedDocument
	e.do("PATCH", path, `{"title":null,"metadata":null,"content":"new"}`).is(http.StatusAccepted).into(&changed)
	require.Equal(t, int64(2), changed.Version)
	doc = e.do("GET", path, nil).is(http.StatusOK).json()
	require.Empty(t, doc["title"])
	require.Nil(t, doc["metadata"])
	require.Equal(t, "new", doc["content"])
	require.Equal(t, "guide", doc["doc_type"], "what was left out stays")

	e.do("PUT", path, `{"content":"whole"}`).is(http.StatusAccepted)
	doc = e.do("GET", path, nil).is(http.StatusOK).json()
	require.NotContains(t, doc, "doc_type", "what was left out is empty")
	require.Equal(t, "x/1", doc["external_id"], "the name stays")
	same := e.do("PUT", path, `{"content":"whole"}`).is(http.StatusOK).json()
	require.Equal(t, "unchanged", same["status"])
	e.do("PUT", path, `{"content":"whole","external_id":"other"}`).problem(422, domain.CodeInvalid).names(t, "external_id")

	e.do("DELETE", path, nil).is(http.StatusNoContent)
	e.do("GET", path, nil).problem(404, domain.CodeNotFound)
	e.do("DELETE", path, nil).problem(404, domain.CodeNotFound)
}

func TestSameContentIsNotQueuedTwice(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	first := e.create(map[string]any{"content": "same"})
	again := e.do("POST", "/api/documents", `{"content":"same"}`).is(http.StatusOK).json()
	require.Equal(t, "duplicate", again["status"])
	require.Equal(t, first.ID.String(), again["duplicate_of"])

	named := e.create(map[string]any{"content": "same", "external_id": "n"})
	require.NotEqual(t, first.ID, named.ID, "a name of its own makes it a document of its own")
	again = e.do("POST", "/api/documents", `{"content":"same","external_id":"n"}`).is(http.StatusOK).json()
	require.Equal(t, "unchanged", again["status"])
	require.Len(t, e.starter.started(), 2)
}

func TestNewerVersionUnderTheSameNameWins(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	first := e.create(map[string]any{"content": "one", "external_id": "n"})
	second := e.create(map[string]any{"content": "two", "external_id": "n"})
	require.Equal(t, first.ID, second.ID)
	require.Equal(t, int64(2), second.Version)
	require.Equal(t, "two", e.do("GET", "/api/documents/"+first.ID.String(), nil).json()["content"])
}

func TestBadDocumentsAreRefusedByField(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	deep := strings.Repeat(`{"a":`, 20000) + "1" + strings.Repeat("}", 20000)
	cases := []struct {
		name, body, field string
		status            int
		code              domain.Code
		detail            string
	}{
		{name: "malformed", body: "{\"title\":\"x\",\n\"content\": }", status: 400, code: domain.CodeMalformed, detail: "line 2, column 12"},
		{name: "cut", body: `{"content":"x`, status: 400, code: domain.CodeMalformed, detail: "position"},
		{name: "empty body", body: "", status: 400, code: domain.CodeMalformed},
		{name: "blank body", body: " \n", status: 400, code: domain.CodeMalformed},
		{name: "not an object", body: `["content"]`, status: 400, code: domain.CodeMalformed},
		{name: "two values", body: `{"content":"x"}{}`, status: 400, code: domain.CodeMalformed},
		{name: "too deep", body: `{"content":"x","metadata":` + deep + `}`, status: 400, code: domain.CodeMalformed},
		{name: "raw NUL", body: "{\"content\":\"a\x00b\"}", status: 400, code: domain.CodeMalformed},
		{name: "escaped NUL", body: `{"content":"a\u0000b"}`, field: "content"},
		{name: "NUL in title", body: `{"content":"x","title":"\u0000"}`, field: "title"},
		{name: "NUL in metadata", body: `{"content":"x","metadata":{"a":"\u0000"}}`, field: "metadata"},
		{name: "NUL in a tag", body: `{"content":"x","tags":["\u0000"]}`, field: "tags"},
		{name: "invalid UTF-8", body: "{\"content\":\"a\xffb\"}", field: "content"},
		{name: "invalid UTF-8 in metadata", body: "{\"content\":\"a\",\"metadata\":{\"k\":\"\xc3\"}}", field: "metadata"},
		{name: "unknown field", body: `{"content":"x","contents":"y"}`, field: "contents"},
		{name: "other case", body: `{"Content":"x"}`, field: "Content"},
		{name: "twice", body: `{"content":"x","content":"y"}`, field: "content"},
		{name: "wrong type", body: `{"content":5}`, field: "content"},
		{name: "tags wrong type", body: `{"content":"x","tags":"a"}`, field: "tags"},
		{name: "metadata no object", body: `{"content":"x","metadata":[1]}`, field: "metadata"},
		{name: "no content", body: `{"title":"x"}`, field: "content"},
		{name: "blank content", body: `{"content":" \n "}`, field: "content"},
		{name: "null content", body: `{"content":null}`, field: "content"},
		{name: "long title", body: `{"content":"x","title":"` + strings.Repeat("t", 2000) + `"}`, field: "title"},
		{name: "long content", body: `{"content":"` + strings.Repeat("c", domain.MaxContentBytes+1) + `"}`, field: "content"},
		{name: "many tags", body: `{"content":"x","tags":[` + strings.Repeat(`"a",`, 100) + `"b"]}`, field: "tags"},
		{name: "large metadata", body: `{"content":"x","metadata":{"a":"` + strings.Repeat("m", 20000) + `"}}`, field: "metadata"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			status, code := c.status, c.code
			if status == 0 {
				status, code = 422, domain.CodeInvalid
			}
			p := e.do("POST", "/api/documents", c.body).problem(status, code)
			if c.field != "" {
				p.names(t, c.field)
			}
			if strings.HasPrefix(c.detail, "line") {
				require.Contains(t, p.Detail, c.detail)
			}
		})
	}
	t.Cleanup(func() { require.Empty(t, e.starter.started(), "nothing half done") })
}

func TestContentOfTheLargestSizeIsAccepted(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	content := strings.Repeat("a \"quoted\"\n", domain.MaxContentBytes/11)
	made := e.create(map[string]any{"content": content})
	require.Equal(t, content, e.do("GET", "/api/documents/"+made.ID.String(), nil).json()["content"])
}

func TestBodiesOverTheLimitAreRefusedUnread(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.do("POST", "/api/documents", strings.Repeat("x", documentBody+1)).problem(413, domain.CodeTooLarge)
	// The same without a length beforehand.
	e.do("POST", "/api/index", struct{ *strings.Reader }{strings.NewReader(`{"document_id":"` + strings.Repeat("x", smallBody) + `"}`)}).
		problem(413, domain.CodeTooLarge)
	e.do("POST", "/api/documents", "content=x", "Content-Type", "application/x-www-form-urlencoded").problem(415, domain.CodeUnsupportedMedia)
	e.do("POST", "/api/documents", "x", "Content-Encoding", "gzip").problem(415, domain.CodeUnsupportedMedia)
	e.do("DELETE", "/api/documents/x", "body").problem(400, domain.CodeMalformed)
}

func TestListFiltersAndPages(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	for i := range 7 {
		e.create(map[string]any{
			"content": fmt.Sprint("doc ", i), "external_id": fmt.Sprint("n", i), "doc_type": []string{"even", "odd"}[i%2], "tags": []string{fmt.Sprint("t", i%3)},
		})
	}
	var names []string
	cursor := ""
	for pages := 0; ; pages++ {
		var list DocumentList
		e.do("GET", "/api/documents?limit=3&cursor="+cursor, nil).is(http.StatusOK).into(&list)
		for _, d := range list.Documents {
			require.Nil(t, d.Content)
			names = append(names, d.ExternalID)
		}
		if cursor = list.NextCursor; cursor == "" {
			require.Equal(t, 2, pages)
			break
		}
	}
	require.Equal(t, []string{"n6", "n5", "n4", "n3", "n2", "n1", "n0"}, names)
	count := func(query string) int {
		var list DocumentList
		e.do("GET", "/api/documents?"+query, nil).is(http.StatusOK).into(&list)
		return len(list.Documents)
	}
	require.Equal(t, 4, count("doc_type=even"))
	require.Equal(t, 3, count("tag=t0"))
	require.Equal(t, 1, count("external_id=n3"))
	require.Equal(t, 7, count("state=queued"))
	require.Equal(t, 0, count("state=failed"))
	for _, bad := range []string{"limit=0", "limit=101", "limit=x", "cursor=!", "cursor=YWJj", "state=lost", "stat=queued", "tag=%00", "tag=%ff", "limit=1&limit=2"} {
		p := e.do("GET", "/api/documents?"+bad, nil).problem(422, domain.CodeInvalid)
		field, _, _ := strings.Cut(bad, "=")
		p.names(t, field)
	}
	e.do("GET", "/api/documents?tag=%zz", nil).problem(400, domain.CodeMalformed)
}

func TestFiftyRequestsWithOneIdempotencyKeyAreOne(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	answers := make([]answer, 50)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			answers[i] = e.do("POST", "/api/documents", `{"content":"once"}`, "Idempotency-Key", "key-1")
		})
	}
	all.Wait()
	for _, a := range answers {
		require.Equal(t, http.StatusAccepted, a.status, string(a.body))
		require.JSONEq(t, string(answers[0].body), string(a.body))
	}
	require.Len(t, e.starter.started(), 1)
	e.do("POST", "/api/documents", `{ "content" : "once" }`, "Idempotency-Key", "key-1").is(http.StatusAccepted)
	e.do("POST", "/api/documents", `{"content":"another"}`, "Idempotency-Key", "key-1").problem(422, domain.CodeIdempotencyMismatch)
	e.do("POST", "/api/documents/bulk", `{"content":"once"}`, "Idempotency-Key", "key-1", "Content-Type", "").problem(422, domain.CodeIdempotencyMismatch)
	e.do("POST", "/api/documents", `{"content":"once"}`, "Idempotency-Key", "a b").problem(422, domain.CodeInvalid).names(t, "Idempotency-Key")
	e.do("POST", "/api/documents", `{"content":"once"}`, "Idempotency-Key", "key-1", "X-API-Key", e.foreign).is(http.StatusAccepted)
	require.Len(t, e.starter.started(), 2, "a key of another tenant is another key")
}

func TestStatusSaysWhyADocumentIsNotSearchable(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	made := e.create(map[string]any{"content": "x"})
	path := "/api/documents/" + made.ID.String() + "/status"
	var status DocumentStatus
	e.do("GET", path, nil).is(http.StatusOK).into(&status)
	require.False(t, status.Searchable)
	require.Equal(t, domain.DocumentQueued, status.State)
	require.NotNil(t, status.Job)
	require.Equal(t, *made.JobID, status.Job.ID)
	require.NotEmpty(t, status.Hint)

	e.do("POST", "/api/index/jobs/"+made.JobID.String()+"/cancel", nil).is(http.StatusOK)
	e.do("GET", path, nil).is(http.StatusOK).into(&status)
	require.Equal(t, domain.DocumentFailed, status.State)
	require.Equal(t, "job_canceled", status.ErrorCode)
	require.Contains(t, status.Hint, "POST /api/index")
}
