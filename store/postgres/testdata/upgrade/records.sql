--
-- PostgreSQL database dump
--

\restrict HXQTdQxhTLkXRU9pEQyp3aN10yYtb8Ts71nskeEfiVHeQRjYgLtqE3LCzdVasWv

-- Dumped from database version 15.20 (Debian 15.20-0+deb12u1)
-- Dumped by pg_dump version 15.20 (Debian 15.20-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: nango_lite; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA nango_lite;


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: connection; Type: TABLE; Schema: nango_lite; Owner: -
--

CREATE TABLE nango_lite.connection (
    integration text NOT NULL COLLATE pg_catalog."C",
    connection_id text NOT NULL COLLATE pg_catalog."C",
    generation bigint NOT NULL,
    status text NOT NULL,
    expires_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    revision bigint NOT NULL,
    data bytea NOT NULL
)
WITH (toast_tuple_target='8160');
ALTER TABLE ONLY nango_lite.connection ALTER COLUMN data SET STORAGE EXTERNAL;


--
-- Name: counter; Type: TABLE; Schema: nango_lite; Owner: -
--

CREATE TABLE nango_lite.counter (
    id integer NOT NULL,
    revision bigint NOT NULL,
    forgotten bigint NOT NULL,
    CONSTRAINT counter_id_check CHECK ((id = 1))
);


--
-- Name: deletion; Type: TABLE; Schema: nango_lite; Owner: -
--

CREATE TABLE nango_lite.deletion (
    revision bigint NOT NULL,
    integration text NOT NULL COLLATE pg_catalog."C",
    connection_id text NOT NULL COLLATE pg_catalog."C",
    deleted_at timestamp with time zone NOT NULL
);


--
-- Name: lease; Type: TABLE; Schema: nango_lite; Owner: -
--

CREATE TABLE nango_lite.lease (
    integration text NOT NULL COLLATE pg_catalog."C",
    connection_id text NOT NULL COLLATE pg_catalog."C",
    holder text NOT NULL,
    since timestamp with time zone NOT NULL,
    until timestamp with time zone NOT NULL
);


--
-- Name: record; Type: TABLE; Schema: nango_lite; Owner: -
--

CREATE TABLE nango_lite.record (
    kind text NOT NULL COLLATE pg_catalog."C",
    id text NOT NULL COLLATE pg_catalog."C",
    version bigint NOT NULL,
    open bytea,
    sealed bytea,
    expires_at timestamp with time zone,
    due_at timestamp with time zone,
    taken_by bigint
);


--
-- Name: schema_version; Type: TABLE; Schema: nango_lite; Owner: -
--

CREATE TABLE nango_lite.schema_version (
    version integer NOT NULL,
    name text NOT NULL,
    applied_at timestamp with time zone NOT NULL
);


--
-- Data for Name: connection; Type: TABLE DATA; Schema: nango_lite; Owner: -
--



--
-- Data for Name: counter; Type: TABLE DATA; Schema: nango_lite; Owner: -
--

INSERT INTO nango_lite.counter VALUES (1, 0, 0);


--
-- Data for Name: deletion; Type: TABLE DATA; Schema: nango_lite; Owner: -
--



--
-- Data for Name: lease; Type: TABLE DATA; Schema: nango_lite; Owner: -
--



--
-- Data for Name: record; Type: TABLE DATA; Schema: nango_lite; Owner: -
--

INSERT INTO nango_lite.record VALUES ('api_key', 'first', 1614986723303708937, '\x7b226e616d65223a226669727374222c2273636f706573223a5b2272656164225d7d', NULL, NULL, NULL, NULL);
INSERT INTO nango_lite.record VALUES ('flow', 'a', 1781336016725782111, NULL, '\x010a6b2d62333162343333315ef82e8f66e2ac699c0d52ac8951179a7ebdec14ee5d378379893cf25d10181d822a8f5cb4b2', '2026-03-01 12:00:00.123456+00', NULL, NULL);
INSERT INTO nango_lite.record VALUES ('session', 'b', 176542703052217409, '\x6d61792062652072656164', '\x010a6b2d623331623433333135f508c5c5370648cace19e4eab1a5a95aa8bf097ad83897e4a7f0f3f3209fe1e1755c', '2026-03-01 13:00:00.123456+00', NULL, NULL);
INSERT INTO nango_lite.record VALUES ('webhook', 'c', 3519757567973877881, '\x61206d657373616765', NULL, '2026-03-01 14:00:00.123456+00', '2026-03-01 12:00:00.123456+00', NULL);
INSERT INTO nango_lite.record VALUES ('bare', 'd', 7743156176761141747, NULL, NULL, NULL, NULL, NULL);


--
-- Data for Name: schema_version; Type: TABLE DATA; Schema: nango_lite; Owner: -
--

INSERT INTO nango_lite.schema_version VALUES (1, '0001_init', '2026-11-30 00:52:27.88544+00');
INSERT INTO nango_lite.schema_version VALUES (2, '0002_bound', '2026-11-30 00:52:27.88576+00');
INSERT INTO nango_lite.schema_version VALUES (3, '0003_records', '2026-11-30 00:52:27.898626+00');


--
-- Name: connection connection_pkey; Type: CONSTRAINT; Schema: nango_lite; Owner: -
--

ALTER TABLE ONLY nango_lite.connection
    ADD CONSTRAINT connection_pkey PRIMARY KEY (integration, connection_id);


--
-- Name: counter counter_pkey; Type: CONSTRAINT; Schema: nango_lite; Owner: -
--

ALTER TABLE ONLY nango_lite.counter
    ADD CONSTRAINT counter_pkey PRIMARY KEY (id);


--
-- Name: deletion deletion_pkey; Type: CONSTRAINT; Schema: nango_lite; Owner: -
--

ALTER TABLE ONLY nango_lite.deletion
    ADD CONSTRAINT deletion_pkey PRIMARY KEY (revision);


--
-- Name: lease lease_pkey; Type: CONSTRAINT; Schema: nango_lite; Owner: -
--

ALTER TABLE ONLY nango_lite.lease
    ADD CONSTRAINT lease_pkey PRIMARY KEY (integration, connection_id);


--
-- Name: record record_pkey; Type: CONSTRAINT; Schema: nango_lite; Owner: -
--

ALTER TABLE ONLY nango_lite.record
    ADD CONSTRAINT record_pkey PRIMARY KEY (kind, id);


--
-- Name: schema_version schema_version_pkey; Type: CONSTRAINT; Schema: nango_lite; Owner: -
--

ALTER TABLE ONLY nango_lite.schema_version
    ADD CONSTRAINT schema_version_pkey PRIMARY KEY (version);


--
-- Name: connection_expiring; Type: INDEX; Schema: nango_lite; Owner: -
--

CREATE INDEX connection_expiring ON nango_lite.connection USING btree (expires_at) WHERE ((status = 'active'::text) AND (expires_at IS NOT NULL));


--
-- Name: connection_revision; Type: INDEX; Schema: nango_lite; Owner: -
--

CREATE INDEX connection_revision ON nango_lite.connection USING btree (revision);


--
-- Name: record_due; Type: INDEX; Schema: nango_lite; Owner: -
--

CREATE INDEX record_due ON nango_lite.record USING btree (kind, due_at) WHERE (due_at IS NOT NULL);


--
-- Name: record_expiring; Type: INDEX; Schema: nango_lite; Owner: -
--

CREATE INDEX record_expiring ON nango_lite.record USING btree (expires_at) WHERE (expires_at IS NOT NULL);


--
-- PostgreSQL database dump complete
--

\unrestrict HXQTdQxhTLkXRU9pEQyp3aN10yYtb8Ts71nskeEfiVHeQRjYgLtqE3LCzdVasWv

