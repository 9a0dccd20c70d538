-- What is written here once is never edited: later changes are later files.
-- {schema} stands for the store's schema.

-- What a server keeps beside connections; see package record.
CREATE TABLE {schema}.record (
    kind       text COLLATE "C" NOT NULL,
    id         text COLLATE "C" NOT NULL,
    version    bigint           NOT NULL,
    open       bytea,
    sealed     bytea,
    expires_at timestamptz,
    due_at     timestamptz,
    taken_by   bigint, -- who takes it; it is gone to all others
    PRIMARY KEY (kind, id)
);

CREATE INDEX record_expiring ON {schema}.record (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX record_due ON {schema}.record (kind, due_at) WHERE due_at IS NOT NULL;
