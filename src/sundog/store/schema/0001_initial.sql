-- Version 1. Times are wall clock seconds; order is by `seq` or `id`, never by time: clocks are moved.

CREATE TABLE traces (
    id TEXT PRIMARY KEY,            -- Root of the X-Ray header, or the request id when there was none
    seq INTEGER NOT NULL,
    name TEXT NOT NULL,             -- label of the first invocation's trigger, or its function
    started_at REAL NOT NULL,
    invocation_count INTEGER NOT NULL DEFAULT 0,
    error_count INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

-- One row per attempt: Lambda gives a retried asynchronous event the same request id.
CREATE TABLE invocations (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    request_id TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    trace_id TEXT NOT NULL,
    function TEXT NOT NULL,
    environment TEXT NOT NULL,
    cold INTEGER NOT NULL,
    trigger_kind TEXT,
    trigger_label TEXT,
    trigger_resource TEXT,
    queued_ms REAL,                 -- time the event waited before the invocation, when the event tells
    started_at REAL NOT NULL,
    deadline REAL NOT NULL,
    finished_at REAL,
    outcome TEXT,                   -- NULL while running, or when the session ended before the answer
    duration_ms REAL,
    init_ms REAL,
    max_memory_mb INTEGER,
    error TEXT,                     -- FunctionError as JSON
    replay_of TEXT,
    input INTEGER REFERENCES payloads (id),
    output INTEGER REFERENCES payloads (id)
);
CREATE INDEX invocations_by_request ON invocations (request_id);
CREATE INDEX invocations_by_trace ON invocations (trace_id);
CREATE INDEX invocations_by_function ON invocations (function, seq);

-- Further traces an invocation belongs to: a batch of messages that several requests sent.
CREATE TABLE links (
    invocation INTEGER NOT NULL,
    trace_id TEXT NOT NULL,
    PRIMARY KEY (trace_id, invocation)
) WITHOUT ROWID;
CREATE INDEX links_by_invocation ON links (invocation);

CREATE TABLE logs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at REAL NOT NULL,
    function TEXT NOT NULL,
    environment TEXT NOT NULL,
    request_id TEXT,
    invocation INTEGER,
    stream TEXT NOT NULL,
    text TEXT NOT NULL
);
CREATE INDEX logs_by_request ON logs (request_id) WHERE request_id IS NOT NULL;
CREATE INDEX logs_by_function ON logs (function, id);

CREATE TABLE payloads (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    size INTEGER NOT NULL,          -- bytes before compression and truncation
    encoding TEXT NOT NULL,         -- plain | zlib
    truncated INTEGER NOT NULL,
    redacted INTEGER NOT NULL,
    body BLOB NOT NULL
);

-- Edits, environments, synths and notices, as `model/events.py` defines them.
CREATE TABLE builds (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at REAL NOT NULL,
    type TEXT NOT NULL,
    function TEXT,
    body TEXT NOT NULL              -- the event as JSON
);
CREATE INDEX builds_by_type ON builds (type, seq);

CREATE TABLE deploys (
    id TEXT PRIMARY KEY,
    seq INTEGER NOT NULL,
    stage TEXT NOT NULL,
    action TEXT NOT NULL,
    started_at REAL NOT NULL,
    ok INTEGER,
    duration_ms REAL,
    error TEXT
) WITHOUT ROWID;

CREATE TABLE stacks (
    deploy TEXT NOT NULL,
    name TEXT NOT NULL,
    status TEXT,
    duration_ms REAL,
    outputs TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (deploy, name)
) WITHOUT ROWID;

CREATE TABLE resource_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at REAL NOT NULL,
    deploy TEXT NOT NULL,
    stack TEXT NOT NULL,
    logical_id TEXT NOT NULL,
    type TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT
);
CREATE INDEX resource_events_by_deploy ON resource_events (deploy);

CREATE VIRTUAL TABLE logs_text USING fts5 (text, content = 'logs', content_rowid = 'id', tokenize = 'trigram');
CREATE VIRTUAL TABLE payloads_text USING fts5 (text, content = '', tokenize = 'trigram');
