package api

import (
	"github.com/gin-gonic/gin"
	"go.opentelemetry.io/contrib/instrumentation/github.com/gin-gonic/gin/otelgin"
)

// untraced are the routes that machines ask every few seconds.
var untraced = map[string]bool{"/health": true, "/api/health": true, "/readyz": true, "/livez": true, "/metrics": true}

// trace makes a span of each request, by the pattern of its route, when tracing is
// on. When it is off nothing is added to the way of a request.
func (s *Server) trace() {
	t := s.deps.Tracing
	if !t.Enabled() {
		return
	}
	s.engine.Use(otelgin.Middleware("",
		otelgin.WithTracerProvider(t.Provider), otelgin.WithPropagators(t.Propagator),
		otelgin.WithGinFilter(func(c *gin.Context) bool { return !untraced[c.FullPath()] }),
	))
}
