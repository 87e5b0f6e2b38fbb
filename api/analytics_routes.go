package api

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/rustassistant/rustassistant/internal/auth"
)

const tagAnalytics = "Analytics"

const rangeNote = "Of the last 30 days, of `days`, or of `from` and `to`, widened to whole hours, and to whole days where rollups by hour are not kept any more."

// analyticsRoutes are the rows of the route table about what was searched for.
func (s *Server) analyticsRoutes() []route {
	get := func(path, id, summary, description string, e endpoint) route {
		return route{
			method: http.MethodGet, path: "/api/admin/analytics/" + path, id: id, scope: auth.ScopeAnalyticsRead, tag: tagAnalytics,
			errors: []int{http.StatusUnprocessableEntity}, summary: summary, description: description, endpoint: e,
		}
	}
	return append([]route{
		{
			method: http.MethodPost, path: "/api/search/click", id: "clickResult", scope: auth.ScopeSearch, bodyLimit: smallBody,
			tag: tagSearch, status: http.StatusNoContent, errors: []int{http.StatusNotFound}, summary: "Tell which result was chosen",
			description: "A repeated click on the same document of the same search counts once.",
			endpoint:    typed[clickInput, struct{}](s.clickResult),
		},
		get("popular", "getPopularQueries", "Most frequent queries", rangeNote, typed[topInput, queryListOutput](s.getPopular)),
		get("zero-results", "getZeroResultQueries", "Queries that found nothing", rangeNote, typed[topInput, queryListOutput](s.getZeroResults)),
		get("trending", "getTrendingQueries", "Queries that are searched for more than before",
			"Compares the last `window_hours` with as many hours before. A query needs `minimum` searches in them and more than before; "+
				"it is ranked by its searches, which count half after a quarter of the window, times the doublings since then.",
			typed[trendingInput, trendingOutput](s.getTrending)),
		get("stats", "getSearchStats", "Figures of all searches", rangeNote, typed[AnalyticsInput, searchStatsOutput](s.getSearchStats)),
		get("timeseries", "getSearchTimeseries", "Searches over time", rangeNote+" Steps without searches are in it too; at most 2,000.",
			typed[seriesInput, seriesOutput](s.getSearchSeries)),
		get("latency", "getSearchLatency", "How long searches took", rangeNote+" Quantiles are at most 12.5 % too high.",
			typed[AnalyticsInput, latencyOutput](s.getSearchLatency)),
		get("clicks", "getSearchClicks", "What was chosen among the results", rangeNote, typed[topInput, clicksOutput](s.getSearchClicks)),
		get("users/{user_id}", "getUserSearches", "What one user searched for",
			rangeNote+" `user_id` is what searches were sent with. A user without searches is an empty answer.",
			typed[userInput, userOutput](s.getUserSearches)),
		get("export", "exportSearches", "All searches, as CSV or NDJSON",
			"One line a search, by time, as a stream. To go on after an interruption, ask again from the time of the last line. "+
				"A connection that is cut before the end means that lines are missing.",
			typed[exportInput, huma.StreamResponse](s.exportSearches)),
	}, s.backfillRoutes()...)
}
