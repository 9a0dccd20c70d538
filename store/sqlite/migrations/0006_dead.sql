-- What is written here once is never edited: later changes are later files.

-- For lists of those whose users have to connect again, first.
CREATE INDEX connection_dead ON connection (integration, connection_id)
    WHERE status = 'needs_reauthorization';
