-- People, and how often they ask. Unlogged: a crash forgets the counts, and they cost no log.

CREATE TABLE person (
    id text NOT NULL,
    name text NOT NULL,
    email text,
    phone text,
    timezone text NOT NULL,
    locale text NOT NULL,
    roles text[] NOT NULL DEFAULT '{}',
    categories text[] NOT NULL DEFAULT '{}',
    active boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_person PRIMARY KEY (id)
);
CREATE INDEX ix_person_newest ON person (created_at, id);

CREATE UNLOGGED TABLE rate_limit (
    key text NOT NULL,
    hits integer NOT NULL,
    expires timestamptz NOT NULL,
    CONSTRAINT pk_rate_limit PRIMARY KEY (key)
);
