CREATE TABLE connection (
    integration   TEXT    NOT NULL,
    connection_id TEXT    NOT NULL,
    generation    INTEGER NOT NULL, -- of the credentials; a refresh's write depends on it
    status        TEXT    NOT NULL,
    expires_at    INTEGER,          -- of the access token; all times in microseconds since 1970
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    revision      INTEGER NOT NULL, -- of the whole database when this row was last written
    data          BLOB    NOT NULL, -- engine.EncodeConnection: JSON with a sealed part
    PRIMARY KEY (integration, connection_id)
) STRICT;

CREATE INDEX connection_dead ON connection (integration, connection_id)
    WHERE status = 'needs_reauthorization';

CREATE INDEX connection_expiring ON connection (expires_at)
    WHERE status = 'active' AND expires_at IS NOT NULL;

CREATE INDEX connection_revision ON connection (revision);

CREATE TABLE counter (
    id       INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL
, forgotten INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE TABLE deletion (
    revision      INTEGER NOT NULL PRIMARY KEY,
    integration   TEXT    NOT NULL,
    connection_id TEXT    NOT NULL,
    deleted_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE lease (
    integration   TEXT    NOT NULL,
    connection_id TEXT    NOT NULL,
    holder        TEXT    NOT NULL,
    since         INTEGER NOT NULL,
    until         INTEGER NOT NULL,
    PRIMARY KEY (integration, connection_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE record (
    kind       TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    open       BLOB,
    seal     BLOB,
    expires_at INTEGER,
    due_at     INTEGER,
    PRIMARY KEY (kind, id)
) STRICT;

CREATE INDEX record_due ON record (kind, due_at) WHERE due_at IS NOT NULL;

CREATE INDEX record_expiring ON record (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE schema_version (version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT;

