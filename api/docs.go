package api

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

func (s *Server) renderDocs() error        { s.openAPI, _ = s.api.OpenAPI().MarshalJSON(); return nil }
func (s *Server) serveDocs(c *gin.Context) { c.Data(http.StatusOK, "text/html", s.docs) }
func serveDocsStyle(c *gin.Context)        {}
