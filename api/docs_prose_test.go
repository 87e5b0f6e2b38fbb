package api

import (
	"html/template"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDescriptionsAreEscapedAndShowCode(t *testing.T) {
	t.Parallel()
	require.Equal(t, template.HTML("a <code>&lt;b&gt;</code> &amp; c"), prose("a `<b>` & c"))
}
