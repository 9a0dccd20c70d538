-- What is written here once is never edited: later changes are later files.

PRAGMA application_id = 1852598644; -- "nlit"

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

-- Which tokens end soon.
CREATE INDEX connection_expiring ON connection (expires_at)
    WHERE status = 'active' AND expires_at IS NOT NULL;

-- What changed since a revision.
CREATE INDEX connection_revision ON connection (revision);

-- One row: how many writes there have been, deletions included.
CREATE TABLE counter (
    id       INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL
) STRICT;
INSERT INTO counter (id, revision) VALUES (1, 0);

-- Who may refresh a connection, by this machine's clock in milliseconds.
CREATE TABLE lease (
    integration   TEXT    NOT NULL,
    connection_id TEXT    NOT NULL,
    holder        TEXT    NOT NULL,
    since         INTEGER NOT NULL,
    until         INTEGER NOT NULL,
    PRIMARY KEY (integration, connection_id)
) STRICT, WITHOUT ROWID;
