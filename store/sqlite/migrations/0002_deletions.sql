-- What is written here once is never edited: later changes are later files.

-- What was deleted, for as long as somebody may not have heard of it.
CREATE TABLE deletion (
    revision      INTEGER NOT NULL PRIMARY KEY,
    integration   TEXT    NOT NULL,
    connection_id TEXT    NOT NULL,
    deleted_at    INTEGER NOT NULL
) STRICT;

-- Up to where deletions are no longer known.
ALTER TABLE counter ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0;
UPDATE counter SET forgotten = revision;
