-- What is written here once is never edited: later changes are later files.

-- What a server keeps beside connections; see package record. Times are in
-- microseconds since 1970.
CREATE TABLE record (
    kind       TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    open       BLOB,
    sealed     BLOB,
    expires_at INTEGER,
    due_at     INTEGER,
    PRIMARY KEY (kind, id)
) STRICT;

CREATE INDEX record_expiring ON record (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX record_due ON record (kind, due_at) WHERE due_at IS NOT NULL;
