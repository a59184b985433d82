"""The tables of the database, as each layout adds them."""

__all__ = ["LAYOUTS"]

LAYOUTS = (
    """
CREATE TABLE models (name TEXT PRIMARY KEY, folder TEXT NOT NULL UNIQUE);
CREATE TABLE columns (
    model TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, physical TEXT NOT NULL,
    derived INTEGER NOT NULL, epoch INTEGER NOT NULL, PRIMARY KEY (model, name, kind)
);
CREATE TABLE epochs (
    epoch INTEGER PRIMARY KEY, plan BLOB NOT NULL, state TEXT NOT NULL, made INTEGER NOT NULL
);
CREATE TABLE journals (
    name TEXT PRIMARY KEY, folded INTEGER NOT NULL, skipped INTEGER NOT NULL, at INTEGER NOT NULL
);
CREATE TABLE shapes (
    journal TEXT NOT NULL, number INTEGER NOT NULL, record BLOB NOT NULL,
    PRIMARY KEY (journal, number)
);
CREATE TABLE imports (
    digest TEXT PRIMARY KEY, epoch INTEGER NOT NULL, path TEXT NOT NULL, rows INTEGER NOT NULL
);
CREATE TABLE quarantine (
    epoch INTEGER NOT NULL, model TEXT NOT NULL, reason TEXT NOT NULL, record BLOB NOT NULL
);
CREATE TABLE repeats (
    epoch INTEGER NOT NULL, model TEXT NOT NULL, what TEXT NOT NULL, number INTEGER NOT NULL
);
CREATE TABLE pending (
    model TEXT NOT NULL, id TEXT NOT NULL, epoch INTEGER NOT NULL, position INTEGER NOT NULL,
    number REAL, text TEXT, time INTEGER, logged INTEGER,
    PRIMARY KEY (model, id, epoch, position)
);
CREATE TABLE events (
    id TEXT PRIMARY KEY, model TEXT, name TEXT NOT NULL, at INTEGER NOT NULL,
    kind TEXT NOT NULL, scope BLOB NOT NULL
);
CREATE TABLE reference_periods (
    model TEXT PRIMARY KEY, start INTEGER NOT NULL, stop INTEGER NOT NULL, logged INTEGER NOT NULL
);
CREATE TABLE watches (model TEXT PRIMARY KEY, state BLOB NOT NULL);
CREATE TABLE windows (
    model TEXT NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL, facts BLOB NOT NULL,
    counts BLOB NOT NULL, PRIMARY KEY (model, start)
);
CREATE TABLE alerts (
    model TEXT NOT NULL, start INTEGER NOT NULL, alert BLOB NOT NULL
);
CREATE INDEX alerts_by_model ON alerts (model, start);
CREATE TABLE incidents (
    id TEXT PRIMARY KEY, model TEXT NOT NULL, started INTEGER NOT NULL, incident BLOB NOT NULL
);
""",
    """
CREATE TABLE judgements (
    model TEXT NOT NULL, start INTEGER NOT NULL, expected REAL NOT NULL, line REAL NOT NULL,
    sd REAL NOT NULL, evidence REAL NOT NULL, PRIMARY KEY (model, start)
);
CREATE TABLE verdicts (
    model TEXT NOT NULL, incident TEXT NOT NULL, predictions INTEGER NOT NULL,
    labels INTEGER NOT NULL, made INTEGER NOT NULL, report BLOB NOT NULL,
    PRIMARY KEY (model, incident)
);
CREATE TABLE actions (
    model TEXT NOT NULL, incident TEXT NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL,
    text TEXT NOT NULL, by TEXT NOT NULL
);
CREATE INDEX actions_by_incident ON actions (model, incident);
CREATE TABLE tokens (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, scope TEXT NOT NULL, digest BLOB NOT NULL,
    created INTEGER NOT NULL, revoked INTEGER
);
""",
    """
CREATE TABLE channels (
    name TEXT PRIMARY KEY, url TEXT NOT NULL, models BLOB NOT NULL, alerts TEXT NOT NULL,
    cooldown REAL NOT NULL, reviews INTEGER NOT NULL, created INTEGER NOT NULL
);
CREATE TABLE messages (
    id INTEGER PRIMARY KEY, channel TEXT NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL,
    state TEXT NOT NULL, made INTEGER NOT NULL, tries INTEGER NOT NULL, next INTEGER,
    sent INTEGER, error TEXT
);
CREATE TABLE topics (
    message INTEGER NOT NULL, model TEXT NOT NULL, kind TEXT NOT NULL, about TEXT NOT NULL
);
CREATE INDEX topics_by_message ON topics (message);
CREATE INDEX topics_by_model ON topics (model, kind, about);
CREATE TABLE silences (
    id INTEGER PRIMARY KEY, model TEXT NOT NULL, until INTEGER NOT NULL, reason TEXT NOT NULL,
    by TEXT NOT NULL, made INTEGER NOT NULL, ended INTEGER
);
""",
    """
CREATE TABLE runs (
    id TEXT PRIMARY KEY, project TEXT NOT NULL, name TEXT NOT NULL, status TEXT NOT NULL,
    started INTEGER NOT NULL, ended INTEGER, seen INTEGER NOT NULL, parent TEXT,
    journal TEXT, user TEXT NOT NULL DEFAULT '', deleted INTEGER
);
CREATE INDEX runs_by_start ON runs (started);
CREATE INDEX runs_by_project ON runs (project, started);
CREATE INDEX runs_open ON runs (status) WHERE status IN ('running', 'unknown');
CREATE TABLE params (
    run TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (run, key)
) WITHOUT ROWID;
CREATE INDEX params_by_key ON params (key, run);
CREATE TABLE tags (
    run TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (run, key)
) WITHOUT ROWID;
CREATE TABLE latest (
    run TEXT NOT NULL, key TEXT NOT NULL, value REAL, step INTEGER NOT NULL,
    time INTEGER NOT NULL, points INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (run, key)
) WITHOUT ROWID;
CREATE INDEX latest_long ON latest (run, key) WHERE points >= 100000;
CREATE TABLE curves (
    run TEXT NOT NULL, key TEXT NOT NULL, points INTEGER NOT NULL, epoch INTEGER NOT NULL,
    correction INTEGER NOT NULL, buckets BLOB NOT NULL, PRIMARY KEY (run, key)
);
CREATE TABLE corrections (
    id INTEGER PRIMARY KEY, run TEXT NOT NULL, key TEXT NOT NULL, step INTEGER NOT NULL,
    value REAL, removed INTEGER NOT NULL, reason TEXT NOT NULL, by TEXT NOT NULL,
    at INTEGER NOT NULL
);
CREATE INDEX corrections_by_run ON corrections (run, key);
CREATE INDEX latest_by_value ON latest (key, value, run);
CREATE TABLE fresh (
    id INTEGER PRIMARY KEY, run TEXT NOT NULL, key TEXT NOT NULL, step INTEGER NOT NULL,
    time INTEGER NOT NULL, value REAL
);
CREATE INDEX fresh_by_run ON fresh (run, key);
CREATE TABLE projects (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, place TEXT, created INTEGER NOT NULL,
    updated INTEGER NOT NULL, deleted INTEGER
);
INSERT INTO projects (id, name, created, updated) VALUES (
    0, 'Default', strftime('%s', 'now') * 1000000, strftime('%s', 'now') * 1000000
);
CREATE TABLE project_tags (
    project INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (project, key)
) WITHOUT ROWID;
CREATE TABLE artifacts (
    path TEXT PRIMARY KEY, digest TEXT NOT NULL, size INTEGER NOT NULL, made INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX artifacts_by_digest ON artifacts (digest);
CREATE TABLE datasets (
    id TEXT PRIMARY KEY, project TEXT NOT NULL, name TEXT NOT NULL, digest TEXT NOT NULL,
    kind TEXT NOT NULL, source TEXT NOT NULL, schema TEXT, profile TEXT, made INTEGER NOT NULL,
    UNIQUE (project, name, digest)
);
CREATE TABLE inputs (
    run TEXT NOT NULL, dataset TEXT NOT NULL, tags TEXT NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (run, dataset)
) WITHOUT ROWID;
CREATE INDEX inputs_by_dataset ON inputs (dataset);
CREATE TABLE origins (
    name TEXT NOT NULL, digest TEXT NOT NULL, ref TEXT NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (name, digest, ref)
) WITHOUT ROWID;
CREATE INDEX origins_by_ref ON origins (ref);
CREATE TABLE logged_models (
    id TEXT PRIMARY KEY, project TEXT NOT NULL, name TEXT NOT NULL, run TEXT, kind TEXT NOT NULL,
    state TEXT NOT NULL, message TEXT NOT NULL, created INTEGER NOT NULL,
    updated INTEGER NOT NULL, deleted INTEGER
);
CREATE INDEX logged_models_by_project ON logged_models (project, created);
CREATE INDEX logged_models_by_run ON logged_models (run);
CREATE TABLE logged_model_params (
    model TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (model, key)
) WITHOUT ROWID;
CREATE TABLE logged_model_tags (
    model TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (model, key)
) WITHOUT ROWID;
CREATE TABLE logged_model_metrics (
    model TEXT NOT NULL, key TEXT NOT NULL, step INTEGER NOT NULL, time INTEGER NOT NULL,
    value REAL, run TEXT NOT NULL, dataset TEXT NOT NULL, digest TEXT NOT NULL,
    PRIMARY KEY (model, key, step, time, run, dataset, digest)
);
CREATE TABLE run_models (
    run TEXT NOT NULL, model TEXT NOT NULL, role TEXT NOT NULL, step INTEGER NOT NULL,
    at INTEGER NOT NULL, PRIMARY KEY (run, model, role)
) WITHOUT ROWID;
CREATE INDEX run_models_by_model ON run_models (model, role);
CREATE TABLE registered_models (
    name TEXT PRIMARY KEY, description TEXT NOT NULL, created INTEGER NOT NULL,
    updated INTEGER NOT NULL
);
CREATE TABLE registered_model_tags (
    model TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (model, key)
) WITHOUT ROWID;
CREATE TABLE versions (
    model TEXT NOT NULL, version INTEGER NOT NULL, source TEXT NOT NULL, place TEXT NOT NULL,
    run TEXT, run_link TEXT NOT NULL, logged_model TEXT, description TEXT, user TEXT NOT NULL,
    state TEXT NOT NULL, message TEXT NOT NULL, stage TEXT NOT NULL, created INTEGER NOT NULL,
    updated INTEGER NOT NULL, PRIMARY KEY (model, version)
);
CREATE INDEX versions_by_run ON versions (run);
CREATE TABLE version_tags (
    model TEXT NOT NULL, version INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (model, version, key)
) WITHOUT ROWID;
CREATE TABLE aliases (
    model TEXT NOT NULL, alias TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (model, alias)
) WITHOUT ROWID;
CREATE TABLE captures (
    run TEXT NOT NULL, kind TEXT NOT NULL, digest TEXT, same_as TEXT, at INTEGER NOT NULL,
    PRIMARY KEY (run, kind)
) WITHOUT ROWID;
CREATE INDEX captures_by_digest ON captures (digest);
CREATE INDEX captures_by_same ON captures (same_as) WHERE same_as IS NOT NULL;
CREATE TABLE captured (digest TEXT PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE output (
    run TEXT NOT NULL, number INTEGER NOT NULL, stream TEXT NOT NULL, at INTEGER NOT NULL,
    text TEXT NOT NULL, PRIMARY KEY (run, number)
);
CREATE TABLE traces (
    id TEXT PRIMARY KEY, project INTEGER NOT NULL, name TEXT, state TEXT NOT NULL,
    started INTEGER NOT NULL, duration INTEGER, request TEXT, response TEXT, client TEXT,
    session TEXT, tokens TEXT, cost TEXT, final INTEGER NOT NULL
);
CREATE INDEX traces_by_project ON traces (project, started);
CREATE INDEX traces_by_session ON traces (session) WHERE session IS NOT NULL;
CREATE TABLE trace_tags (
    trace TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (trace, key)
) WITHOUT ROWID;
CREATE TABLE trace_metadata (
    trace TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (trace, key)
) WITHOUT ROWID;
CREATE TABLE trace_links (
    trace TEXT NOT NULL, kind TEXT NOT NULL, target TEXT NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (trace, kind, target)
) WITHOUT ROWID;
CREATE INDEX trace_links_by_target ON trace_links (kind, target);
CREATE TABLE spans (
    trace TEXT NOT NULL, id TEXT NOT NULL, parent TEXT, name TEXT NOT NULL, kind TEXT,
    status TEXT NOT NULL, started INTEGER NOT NULL, ended INTEGER, content TEXT NOT NULL,
    PRIMARY KEY (trace, id)
);
CREATE TABLE assessments (
    id TEXT PRIMARY KEY, trace TEXT NOT NULL, span TEXT, name TEXT NOT NULL, kind TEXT NOT NULL,
    value TEXT NOT NULL, error TEXT, source_kind TEXT NOT NULL, source TEXT, run TEXT,
    rationale TEXT, metadata TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL,
    overrides TEXT, valid INTEGER NOT NULL
);
CREATE INDEX assessments_by_trace ON assessments (trace, created);
CREATE INDEX assessments_by_name ON assessments (name, kind);
CREATE TABLE evaluation_datasets (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL, schema TEXT,
    created INTEGER NOT NULL, updated INTEGER NOT NULL, created_by TEXT, updated_by TEXT
);
CREATE INDEX evaluation_datasets_by_time ON evaluation_datasets (created);
CREATE TABLE evaluation_dataset_tags (
    dataset TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (dataset, key)
) WITHOUT ROWID;
CREATE TABLE evaluation_dataset_projects (
    dataset TEXT NOT NULL, project INTEGER NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (dataset, project)
) WITHOUT ROWID;
CREATE INDEX evaluation_dataset_projects_by_project ON evaluation_dataset_projects (project);
CREATE TABLE evaluation_dataset_records (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, dataset TEXT NOT NULL,
    digest TEXT NOT NULL, inputs TEXT NOT NULL, outputs TEXT, expectations TEXT,
    tags TEXT NOT NULL, source_kind TEXT, source TEXT, created INTEGER NOT NULL,
    updated INTEGER NOT NULL, created_by TEXT, updated_by TEXT, UNIQUE (dataset, digest)
);
CREATE INDEX evaluation_dataset_records_by_number ON evaluation_dataset_records (dataset, number);
CREATE TABLE scorers (
    id TEXT PRIMARY KEY, project INTEGER NOT NULL, name TEXT NOT NULL, UNIQUE (project, name)
);
CREATE TABLE scorer_versions (
    scorer TEXT NOT NULL, version INTEGER NOT NULL, content TEXT NOT NULL,
    created INTEGER NOT NULL, PRIMARY KEY (scorer, version)
);
CREATE TABLE label_schemas (
    id TEXT PRIMARY KEY, project INTEGER NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL,
    input TEXT NOT NULL, instruction TEXT, comments INTEGER NOT NULL, preset INTEGER NOT NULL,
    created INTEGER NOT NULL, updated INTEGER NOT NULL, UNIQUE (project, name)
);
CREATE TABLE review_queues (
    id TEXT PRIMARY KEY, project INTEGER NOT NULL, name TEXT NOT NULL, folded TEXT NOT NULL,
    personal INTEGER NOT NULL, owner TEXT, users TEXT NOT NULL, schemas TEXT NOT NULL,
    created INTEGER NOT NULL, updated INTEGER NOT NULL, UNIQUE (project, folded)
);
CREATE TABLE review_items (
    queue TEXT NOT NULL, trace TEXT NOT NULL, state TEXT NOT NULL, decided_by TEXT,
    decided INTEGER, created INTEGER NOT NULL, updated INTEGER NOT NULL,
    PRIMARY KEY (queue, trace)
) WITHOUT ROWID;
CREATE INDEX review_items_by_trace ON review_items (trace);
CREATE TABLE purged (run TEXT PRIMARY KEY, points INTEGER NOT NULL) WITHOUT ROWID;
""",
)
"""What each layout adds to the one before."""
