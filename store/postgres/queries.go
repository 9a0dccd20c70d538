package postgres

import (
	"strings"

	"github.com/jackc/pgx/v5"
)

// queries are the statements, each a transaction of its own: nothing is held from
// one to the next. They name the schema instead of relying on search_path, which
// belongs to a session, and a session may be anyone's behind a pooler.
//
// Each write locks the connection's row first, then takes the counter's, and
// changes something only then. In that order no two wait for each other.
type queries struct {
	get, generation, insert, replace, delete, forget string
	acquire, holder, release                         string
	changes                                          string
	encoded, swap, settle                            string
	add                                              string
}

const key = `integration = $1 AND connection_id = $2`

const columns = `(integration, connection_id, generation, status, expires_at, created_at, updated_at, revision, data)`

// newQueries returns the statements for a schema.
func newQueries(schema string) queries {
	sql := func(template string) string { return inSchema(template, schema) }
	return queries{
		get: sql(`SELECT generation, data FROM {schema}.connection WHERE ` + key),

		generation: sql(`SELECT generation, coalesce(data = $3::bytea, false) FROM {schema}.connection WHERE ` + key),

		insert: sql(`
WITH next AS (
    UPDATE {schema}.counter SET revision = revision + 1
    WHERE NOT EXISTS (SELECT FROM {schema}.connection WHERE ` + key + `)
    RETURNING revision
)
INSERT INTO {schema}.connection ` + columns + `
SELECT $1, $2, $3, $4, $5::timestamptz, $6::timestamptz, $7::timestamptz, next.revision, $8::bytea FROM next
ON CONFLICT DO NOTHING`),

		replace: sql(`
WITH found AS (
    SELECT FROM {schema}.connection WHERE ` + key + ` AND generation = $9 FOR UPDATE
), next AS (
    UPDATE {schema}.counter SET revision = revision + 1 WHERE EXISTS (SELECT FROM found) RETURNING revision
)
UPDATE {schema}.connection
SET generation = $3, status = $4, expires_at = $5::timestamptz, created_at = $6::timestamptz, updated_at = $7::timestamptz,
    revision = next.revision, data = $8::bytea
FROM next WHERE ` + key),

		delete: sql(`
WITH found AS (
    SELECT FROM {schema}.connection WHERE ` + key + ` FOR UPDATE
), next AS (
    UPDATE {schema}.counter SET revision = revision + 1 WHERE EXISTS (SELECT FROM found) RETURNING revision
), deletion AS (
    INSERT INTO {schema}.deletion (revision, integration, connection_id, deleted_at)
    SELECT revision, $1, $2, clock_timestamp() FROM next
)
DELETE FROM {schema}.connection USING next WHERE ` + key + ` RETURNING next.revision`),

		// Whoever has not asked for an hour starts over.
		forget: sql(`
WITH gone AS (
    DELETE FROM {schema}.deletion WHERE deleted_at < clock_timestamp() - interval '1 hour' RETURNING revision
)
UPDATE {schema}.counter SET forgotten = greatest(forgotten, (SELECT max(revision) FROM gone))
WHERE EXISTS (SELECT FROM gone)`),

		// Leases that begin further ahead than they last were taken before the clock
		// was set back; they must not block the connection until it is there again.
		// Whoever waits asks again and again, and writes nothing: a row that is locked
		// in vain waits for the disk as well.
		acquire: sql(`
WITH clock AS MATERIALIZED (SELECT clock_timestamp() AS now)
INSERT INTO {schema}.lease AS lease (integration, connection_id, holder, since, until)
SELECT $1, $2, $3, now, now + $4 * interval '1 microsecond' FROM clock
WHERE NOT EXISTS (
    SELECT FROM {schema}.lease WHERE ` + key + ` AND holder <> $3 AND until > now AND since - now <= until - since)
ON CONFLICT (integration, connection_id) DO UPDATE
SET holder = excluded.holder, since = excluded.since, until = excluded.until
WHERE lease.holder = excluded.holder
   OR lease.until <= excluded.since
   OR lease.since - excluded.since > lease.until - lease.since`),

		holder: sql(`SELECT holder FROM {schema}.lease WHERE ` + key),

		release: sql(`DELETE FROM {schema}.lease WHERE ` + key + ` AND holder = $3`),

		// One row with nulls if nothing is new, which is found without looking further.
		changes: sql(`
SELECT counter.revision, counter.forgotten, change.integration, change.connection_id, change.revision
FROM {schema}.counter LEFT JOIN LATERAL (
    SELECT integration, connection_id, revision FROM (
        (SELECT integration, connection_id, revision FROM {schema}.connection WHERE revision > $1 ORDER BY revision LIMIT $2)
        UNION ALL
        (SELECT integration, connection_id, revision FROM {schema}.deletion WHERE revision > $1 ORDER BY revision LIMIT $2)
    ) AS either
    WHERE $1 >= counter.forgotten AND $1 < counter.revision
    ORDER BY revision LIMIT $2
) AS change ON true
WHERE counter.id = 1 -- says nothing new, but the planner expects one row then
ORDER BY change.revision`),

		encoded: sql(`
SELECT integration, connection_id, generation, data FROM {schema}.connection
WHERE (integration, connection_id) > ($1, $2) ORDER BY integration, connection_id LIMIT $3`),

		swap: sql(`UPDATE {schema}.connection SET data = $3::bytea WHERE ` + key + ` AND data = $4::bytea`),

		settle: sql(`LOCK TABLE {schema}.connection, {schema}.record IN SHARE MODE`),

		add: sql(`
WITH next AS (
    UPDATE {schema}.counter SET revision = revision + cardinality($1::text[]) RETURNING revision - cardinality($1::text[]) AS base
)
INSERT INTO {schema}.connection ` + columns + `
SELECT integration, connection_id, generation, status, expires_at, created_at, updated_at, next.base + n, data
FROM next, unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[], $8::bytea[])
    WITH ORDINALITY AS r (integration, connection_id, generation, status, expires_at, created_at, updated_at, data, n)`),
	}
}

func inSchema(sql, schema string) string {
	return strings.ReplaceAll(sql, "{schema}", pgx.Identifier{schema}.Sanitize())
}
