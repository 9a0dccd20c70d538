package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/textproto"
	"strconv"
	"testing"
)

// A languageServer is a process that speaks the Language Server Protocol on its
// standard streams, as to an editor.
type languageServer struct {
	*process
	settings  object // of the editor, by section
	settled   bool   // the server has them
	asked     int
	published map[string][]diagnostic // the latest of each document
}

// A message is a request, a notification, or the answer to a request.
type message struct {
	Version string          `json:"jsonrpc"`
	ID      *int            `json:"id,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  any             `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   json.RawMessage `json:"error,omitempty"`
}

// A position counts lines and characters from 0.
type position struct {
	Line      int `json:"line"`
	Character int `json:"character"`
}

type diagnostic struct {
	Range    struct{ Start, End position }
	Severity int // 1 error, 2 warning, 3 information, 4 hint
	Message  string
}

// object is what JSON calls so.
type object = map[string]any

// speak shakes hands with a server that was started.
func speak(t *testing.T, p *process, settings object) *languageServer {
	t.Helper()
	s := &languageServer{process: p, settings: settings, published: map[string][]diagnostic{}}
	s.request("initialize", object{
		"processId": nil, "rootUri": nil,
		"capabilities": object{"textDocument": object{
			"publishDiagnostics": object{},
			"hover":              object{"contentFormat": []string{"markdown"}},
			"completion":         object{"completionItem": object{"documentationFormat": []string{"markdown"}}},
		}},
	})
	s.notify("initialized", object{})
	s.notify("workspace/didChangeConfiguration", object{"settings": settings})
	for !s.settled { // it asks for them itself; what is opened before has the defaults
		s.handle(s.receive())
	}
	return s
}

// open opens a document.
func (s *languageServer) open(uri, text string) {
	s.t.Helper()
	s.notify("textDocument/didOpen", object{"textDocument": object{
		"uri": uri, "languageId": "yaml", "version": 1, "text": text,
	}})
}

// findings waits for what the server finds in a document that was opened.
func (s *languageServer) findings(uri string) []diagnostic {
	s.t.Helper()
	for {
		if found, ok := s.published[uri]; ok {
			return found
		}
		s.handle(s.receive())
	}
}

// at asks something about a place in a document.
func (s *languageServer) at(method, uri string, p position) json.RawMessage {
	s.t.Helper()
	return s.request(method, object{"textDocument": object{"uri": uri}, "position": p})
}

func (s *languageServer) notify(method string, params any) {
	s.t.Helper()
	s.send(message{Method: method, Params: params})
}

func (s *languageServer) request(method string, params any) json.RawMessage {
	s.t.Helper()
	s.asked++
	id := s.asked
	s.send(message{ID: &id, Method: method, Params: params})
	for {
		m := s.receive()
		if m.Method == "" && m.ID != nil && *m.ID == id {
			if m.Error != nil {
				s.t.Fatalf("%s: %s", method, m.Error)
			}
			return m.Result
		}
		s.handle(m)
	}
}

// handle takes what the server says by itself. Its requests must be answered, or
// it waits for ever.
func (s *languageServer) handle(m received) {
	s.t.Helper()
	switch {
	case m.Method == "textDocument/publishDiagnostics":
		var params struct {
			URI         string
			Diagnostics []diagnostic
		}
		if err := json.Unmarshal(m.Params, &params); err != nil {
			s.t.Fatal(err)
		}
		s.published[params.URI] = params.Diagnostics
	case m.Method == "workspace/configuration":
		var params struct{ Items []struct{ Section string } }
		if err := json.Unmarshal(m.Params, &params); err != nil {
			s.t.Fatal(err)
		}
		sections := []any{}
		for _, item := range params.Items {
			sections = append(sections, s.settings[item.Section])
		}
		s.answer(m.ID, sections)
		s.settled = true
	case m.Method != "" && m.ID != nil:
		s.answer(m.ID, nil)
	}
}

func (s *languageServer) answer(id *int, result any) {
	s.t.Helper()
	text, err := json.Marshal(result)
	if err != nil {
		s.t.Fatal(err)
	}
	s.send(message{ID: id, Result: text})
}

func (s *languageServer) send(m message) {
	s.t.Helper()
	m.Version = "2.0"
	body, err := json.Marshal(m)
	if err == nil {
		_, err = fmt.Fprintf(s.stdin, "Content-Length: %d\r\n\r\n%s", len(body), body)
	}
	if err != nil {
		s.t.Fatalf("to the language server: %v\n%s", err, &s.stderr)
	}
}

// received is a message whose parameters are still text.
type received struct {
	message
	Params json.RawMessage `json:"params"`
}

func (s *languageServer) receive() (m received) {
	s.t.Helper()
	header, err := textproto.NewReader(s.stdout).ReadMIMEHeader()
	if err != nil {
		s.t.Fatalf("from the language server: %v\n%s", err, &s.stderr)
	}
	length, err := strconv.Atoi(header.Get("Content-Length"))
	if err != nil {
		s.t.Fatal(err)
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(s.stdout, body); err != nil {
		s.t.Fatal(err)
	}
	if err := json.Unmarshal(body, &m); err != nil {
		s.t.Fatalf("from the language server: %v\n%s", err, body)
	}
	return m
}
