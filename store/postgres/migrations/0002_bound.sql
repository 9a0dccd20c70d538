-- What is written here once is never edited: later changes are later files.

-- From now on what can be read of a connection is bound to its seal. Older programs
-- cannot read what is written so: with this number they say so when they open the store.
SELECT 1;
