package engine

import "github.com/nango-lite/nango-lite/connection"

// What is kept, and where: see package connection. A host needs nothing of that
// package unless it has a store of its own.
type (
	Key             = connection.Key
	Connection      = connection.Connection
	Status          = connection.Status
	Credentials     = connection.Credentials
	Token           = connection.Token
	Registration    = connection.Registration
	ConnectionStore = connection.Store
	ChangeFeed      = connection.ChangeFeed
	Changes         = connection.Changes
	Query           = connection.Query
	Page            = connection.Page
	MemoryStore     = connection.MemoryStore
	Sealer          = connection.Sealer
)

// The states of a connection.
const (
	StatusActive               = connection.StatusActive
	StatusNeedsReauthorization = connection.StatusNeedsReauthorization
)

// MaxKeyPart is [connection.MaxKeyPart].
const MaxKeyPart = connection.MaxKeyPart

// Errors of a store.
var (
	ErrNoConnection = connection.ErrNoConnection
	ErrConflict     = connection.ErrConflict
	ErrLeased       = connection.ErrLeased
	ErrCursor       = connection.ErrCursor
	ErrEncoding     = connection.ErrEncoding
)

// EncodeConnection is [connection.Encode].
func EncodeConnection(c *Connection, s Sealer) ([]byte, error) { return connection.Encode(c, s) }

// DecodeConnection is [connection.Decode].
func DecodeConnection(b []byte, s Sealer) (*Connection, error) { return connection.Decode(b, s) }

// ResealConnection is [connection.Reseal].
func ResealConnection(encoded []byte, s Sealer) ([]byte, error) {
	return connection.Reseal(encoded, s)
}

// SealedPart is [connection.SealedPart].
func SealedPart(encoded []byte) ([]byte, error) { return connection.SealedPart(encoded) }

// EncodeCursor is [connection.EncodeCursor].
func EncodeCursor(k Key) string { return connection.EncodeCursor(k) }

// DecodeCursor is [connection.DecodeCursor].
func DecodeCursor(cursor string) (Key, error) { return connection.DecodeCursor(cursor) }

// CheckHolder is [connection.CheckHolder].
func CheckHolder(holder string) error { return connection.CheckHolder(holder) }

// NewGeneration is [connection.NewGeneration].
func NewGeneration() int64 { return connection.NewGeneration() }
