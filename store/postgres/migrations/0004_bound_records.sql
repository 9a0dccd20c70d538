-- What is written here once is never edited: later changes are later files.
-- {schema} stands for the store's schema.

-- From now on the readable part of a record is bound to its seal, and every record has
-- one. What is there is bound by the program that runs this file, once: afterwards a
-- record without a seal is one that somebody without the key has written. The column has
-- another name, so that an older program which still runs fails and writes no such record.
ALTER TABLE {schema}.record RENAME COLUMN sealed TO seal;
