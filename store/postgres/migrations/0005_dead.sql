-- What is written here once is never edited: later changes are later files.
-- {schema} stands for the store's schema.

-- For lists of those whose users have to connect again, first.
CREATE INDEX connection_dead ON {schema}.connection (integration, connection_id)
    WHERE status = 'needs_reauthorization';
