package evaluation

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/apiclient"
)

// embeddingsServer answers GET /api/admin/embeddings with one state after the other, the last one for ever.
func embeddingsServer(t *testing.T, status int, states ...string) (*apiclient.Client, *atomic.Int64) {
	t.Helper()
	var asked atomic.Int64
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n := int(asked.Add(1))
		w.WriteHeader(status)
		fmt.Fprint(w, states[min(n, len(states))-1])
	}))
	t.Cleanup(ts.Close)
	c, err := apiclient.New(apiclient.Options{BaseURL: ts.URL, RetryFor: -1})
	require.NoError(t, err)
	return c, &asked
}

func TestVectorsAreWaitedForUntilEveryPassageHasOne(t *testing.T) {
	t.Parallel()
	model := func(corpus int) string {
		return fmt.Sprintf(`"minimum":500,"model":{"provider":"builtin","corpus_chunks":%d}`, corpus)
	}
	c, asked := embeddingsServer(t, 200,
		`{"state":"cold","reason":"starts","minimum":500,"coverage":{"chunks":900}}`,
		`{"state":"training","target":{"stage":"prepare","done":3,"total":10}}`,
		`{"state":"active","coverage":{"chunks":900,"with_vectors":899},`+model(900)+`}`,
		`{"state":"active","coverage":{"chunks":900,"with_vectors":900},`+model(600)+`}`,
		`{"state":"changing","reason":"is made"}`,
		`{"state":"active","coverage":{"chunks":900,"with_vectors":900},`+model(900)+`}`,
	)
	var said []string
	missing, err := awaitVectors(t.Context(), Options{
		Client: c, Wait: time.Minute, Poll: time.Millisecond, Waits: func(doing string) { said = append(said, doing) },
	})
	require.NoError(t, err)
	require.Empty(t, missing)
	require.EqualValues(t, 6, asked.Load())
	require.Equal(t, []string{
		"starts", "training: prepare, 3 of 10", "899 of 900 passages have vectors",
		"another training is due: the tenant has grown from 600 to 900 passages", "changing: is made",
	}, said)
}

func TestAWaitForVectorsThatIsInVainSaysWhy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status      int
		state, want string
	}{
		{200, `{"state":"cold","reason":"2 of 500 passages","minimum":500,"coverage":{"chunks":2}}`, "2 of 500 passages"},
		{200, `{"state":"not_configured","reason":"EMBEDDINGS_PROVIDER is none"}`, "EMBEDDINGS_PROVIDER is none"},
		{200, `{"state":"failed","reason":"the last model could not be made"}`, "the last model could not be made"},
		{403, `{}`, "the key has no scope admin, so nobody looked whether there are vectors"},
		{404, `{}`, "the server has no embeddings"},
	} {
		client, asked := embeddingsServer(t, c.status, c.state)
		missing, err := awaitVectors(t.Context(), Options{Client: client, Wait: time.Minute, Poll: time.Millisecond})
		require.NoError(t, err)
		require.Equal(t, c.want, missing)
		require.EqualValues(t, 1, asked.Load(), "nothing to wait for: %s", c.state)
	}
	client, _ := embeddingsServer(t, 200, `{"state":"embedding","reason":"slow"}`)
	missing, err := awaitVectors(t.Context(), Options{Client: client, Wait: 20 * time.Millisecond, Poll: time.Millisecond})
	require.NoError(t, err)
	require.Equal(t, "not ready after 20ms: embedding: slow", missing)

	client, _ = embeddingsServer(t, 500, `{}`)
	_, err = awaitVectors(t.Context(), Options{Client: client, Wait: time.Minute})
	require.ErrorContains(t, err, "ask for the embeddings")
}

func TestARowNamesEveryAnswerThatIsNotOfItsType(t *testing.T) {
	t.Parallel()
	r := Result{Type: "hybrid"}
	r.answered(&apiclient.SearchResponse{AnsweredBy: "keyword", Notice: "not trained yet"})
	r.answered(&apiclient.SearchResponse{Vectors: &apiclient.Coverage{Covered: 1, Chunks: 2}})
	r.answered(&apiclient.SearchResponse{})
	require.Equal(t, Result{Type: "hybrid", AnsweredBy: "keyword", AnsweredQueries: 1, Notice: "not trained yet"}, r)
	r = Result{Type: "semantic"}
	r.answered(&apiclient.SearchResponse{Vectors: &apiclient.Coverage{Covered: 1, Chunks: 2}})
	require.Equal(t, Result{Type: "semantic", Notice: "1 of 2 passages had vectors"}, r)
	require.Equal(t, 3, Means([]Result{{Type: "hybrid"}, {Type: "hybrid", AnsweredBy: "keyword", AnsweredQueries: 3}})[0].AnsweredQueries)
}
