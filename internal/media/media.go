// Package media says what a Content-Type means: which are JSON, which XML, which a
// stream. Engine and command line read bodies by it.
package media

import (
	"mime"
	"strings"
)

// Of returns the media type of a Content-Type in small letters, or "" if there is none
// that can be read.
func Of(contentType string) string {
	if kind, rest, _ := strings.Cut(contentType, ";"); (rest == "" || strings.EqualFold(rest, " charset=utf-8")) && isPlain(kind) {
		return kind // as nearly every answer has it
	}
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ""
	}
	return kind
}

// isPlain reports whether kind is a type and a subtype in small letters, and nothing else.
func isPlain(kind string) bool {
	slash := 0
	for i := range len(kind) {
		switch b := kind[i]; {
		case 'a' <= b && b <= 'z', '0' <= b && b <= '9', b == '-', b == '+', b == '.':
		case b == '/' && slash == 0 && i > 0:
			slash = i
		default:
			return false
		}
	}
	return slash > 0 && slash < len(kind)-1
}

// IsJSON reports whether a media type is one document of JSON: application/json and its
// like, with application/json-rpc, text/json and application/x-json.
func IsJSON(kind string) bool {
	switch kind {
	case "application/json", "text/json", "application/x-json", "application/json-rpc", "application/jsonrequest":
		return true
	}
	return strings.HasSuffix(kind, "+json") && !IsStream(kind)
}

// IsXML reports whether a media type is a document of XML, pages of HTML aside.
func IsXML(kind string) bool {
	return kind == "text/xml" || kind == "application/xml" || strings.HasSuffix(kind, "+xml") && kind != "application/xhtml+xml"
}

// IsStream reports whether a media type is one of many documents that come one by one,
// maybe with long silences.
func IsStream(kind string) bool {
	switch kind {
	case "text/event-stream", "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines", "application/json-seq",
		"application/stream+json", "application/x-json-stream", "application/json-lines":
		return true
	}
	return strings.HasSuffix(kind, "+json-seq") || strings.Contains(kind, "stream+json")
}
