-- What is written here once is never edited: later changes are later files.
-- {schema} stands for the store's schema.

CREATE TABLE {schema}.connection (
    integration   text COLLATE "C" NOT NULL,
    connection_id text COLLATE "C" NOT NULL,
    generation    bigint           NOT NULL, -- of the credentials; a refresh's write depends on it
    status        text             NOT NULL,
    expires_at    timestamptz,               -- of the access token
    created_at    timestamptz      NOT NULL,
    updated_at    timestamptz      NOT NULL,
    revision      bigint           NOT NULL, -- of the whole schema when this row was last written
    data          bytea            NOT NULL, -- engine.EncodeConnection: JSON with a sealed part
    PRIMARY KEY (integration, connection_id)
)
-- A token answer of a few kilobytes stays with its row.
WITH (toast_tuple_target = 8160);

-- What is sealed does not get smaller.
ALTER TABLE {schema}.connection ALTER COLUMN data SET STORAGE EXTERNAL;

-- Which tokens end soon.
CREATE INDEX connection_expiring ON {schema}.connection (expires_at)
    WHERE status = 'active' AND expires_at IS NOT NULL;

-- What changed since a revision.
CREATE INDEX connection_revision ON {schema}.connection (revision);

-- What was deleted, for as long as somebody may not have heard of it.
CREATE TABLE {schema}.deletion (
    revision      bigint           NOT NULL PRIMARY KEY,
    integration   text COLLATE "C" NOT NULL,
    connection_id text COLLATE "C" NOT NULL,
    deleted_at    timestamptz      NOT NULL
);

-- One row. Whoever writes holds it until the write is done: that is what makes
-- revisions become visible in their order, as those of a sequence would not.
CREATE TABLE {schema}.counter (
    id        integer NOT NULL PRIMARY KEY CHECK (id = 1),
    revision  bigint  NOT NULL, -- how many writes there have been, deletions included
    forgotten bigint  NOT NULL  -- up to where deletions are no longer known
);
INSERT INTO {schema}.counter (id, revision, forgotten) VALUES (1, 0, 0);

-- Who may refresh a connection, by this server's clock.
CREATE TABLE {schema}.lease (
    integration   text COLLATE "C" NOT NULL,
    connection_id text COLLATE "C" NOT NULL,
    holder        text             NOT NULL,
    since         timestamptz      NOT NULL,
    until         timestamptz      NOT NULL,
    PRIMARY KEY (integration, connection_id)
);
