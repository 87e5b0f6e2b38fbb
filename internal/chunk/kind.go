package chunk

import (
	"mime"
	"path"
	"strings"
)

// kind is how a document's content is read.
type kind uint8

const (
	kindUnknown kind = iota
	kindText
	kindMarkdown
	kindHTML
	kindRST
	kindCode
)

// kindsByName are the doc_type values that say what the content is; every other doc_type ("guide", "faq") says nothing
// about its format.
var kindsByName = map[string]kind{
	"markdown": kindMarkdown, "md": kindMarkdown, "mdx": kindMarkdown,
	"html": kindHTML, "htm": kindHTML, "xhtml": kindHTML,
	"rst": kindRST, "restructuredtext": kindRST,
	"text": kindText, "txt": kindText, "plain": kindText, "plaintext": kindText,
	"code": kindCode, "source": kindCode, "source_code": kindCode, "source-code": kindCode,
}

var kindsByExtension = map[string]kind{
	".md": kindMarkdown, ".markdown": kindMarkdown, ".mdown": kindMarkdown, ".mkd": kindMarkdown, ".mdx": kindMarkdown,
	".html": kindHTML, ".htm": kindHTML, ".xhtml": kindHTML,
	".rst": kindRST, ".txt": kindText, ".text": kindText, ".log": kindText,
}

var kindsByMIME = map[string]kind{
	"text/markdown": kindMarkdown, "text/x-markdown": kindMarkdown,
	"text/html": kindHTML, "application/xhtml+xml": kindHTML,
	"text/x-rst": kindRST, "text/prs.fallenstein.rst": kindRST,
}

// codeExtensions are the source files that are read by blocks. Other packages ask IsSourceFile.
var codeExtensions = func() map[string]struct{} {
	const list = `go rs py pyi js mjs cjs jsx ts mts cts tsx java kt kts scala groovy c h cc cpp cxx hpp hh hxx cs fs fsx vb
		m mm swift rb php pl pm lua r jl dart ex exs erl hrl hs lhs ml mli clj cljs cljc lisp el scm zig nim d v sv vhd vhdl
		sh bash zsh fish ps1 psm1 psd1 bat cmd sql proto thrift graphql gql tf hcl nix cmake gradle mk bzl
		css scss sass less vue svelte sol cu cuh f90 f95 pas asm s tcl`
	m := make(map[string]struct{})
	for _, ext := range strings.Fields(list) {
		m["."+ext] = struct{}{}
	}
	return m
}()

// IsSourceFile says whether a file name is that of source code.
func IsSourceFile(name string) bool {
	_, ok := codeExtensions[extension(name)]
	return ok
}

// kindByHint reads the hints in their order: doc_type, source_url or file name, MIME type. A claim of HTML is believed
// only when there is a tag: text that a crawler extracted often keeps the address of the page.
func kindByHint(in Input) kind {
	k := kindsByName[lower(in.DocType)]
	if k == kindUnknown {
		k = kindByName(in.SourceURL)
	}
	if k == kindUnknown && in.ContentType != "" {
		k = kindByMIME(in.ContentType)
	}
	if k == kindHTML && !hasTag(in.Content) {
		return kindUnknown
	}
	return k
}

func kindByName(name string) kind {
	ext := extension(name)
	if ext == "" {
		return kindUnknown
	}
	if k, ok := kindsByExtension[ext]; ok {
		return k
	}
	if _, ok := codeExtensions[ext]; ok {
		return kindCode
	}
	return kindUnknown
}

func kindByMIME(value string) kind {
	media, _, err := mime.ParseMediaType(value)
	if err != nil {
		return kindUnknown
	}
	if k, ok := kindsByMIME[media]; ok {
		return k
	}
	if rest, ok := strings.CutPrefix(media, "text/x-"); ok && rest != "log" {
		return kindCode
	}
	return kindUnknown // text/plain is what servers send for everything
}

// extension gives the lower-case extension of a path or of a URL's path; a URL without a path has none.
func extension(name string) string {
	if _, rest, isURL := strings.Cut(name, "://"); isURL {
		_, name, _ = strings.Cut(rest, "/")
		if i := strings.IndexAny(name, "?#"); i >= 0 {
			name = name[:i]
		}
	}
	ext := path.Ext(name)
	if len(ext) > 12 || strings.ContainsRune(ext, '/') {
		return ""
	}
	return lower(ext)
}

// lower is strings.ToLower for the short values of hints: no allocation for what is lower case already.
func lower(s string) string {
	if len(s) > 32 {
		return ""
	}
	return strings.ToLower(s)
}
