"""The gradebook's tables, version by version; `gradebook.md` documents them for those who query."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE run (
            assignment TEXT NOT NULL, title TEXT NOT NULL, grader_version TEXT NOT NULL,
            seed TEXT NOT NULL, settings TEXT NOT NULL, revision INTEGER NOT NULL)""",
        """CREATE TABLE grading (
            student TEXT NOT NULL, fingerprint TEXT NOT NULL,
            content TEXT NOT NULL, settings TEXT NOT NULL,
            starts INTEGER NOT NULL DEFAULT 0, counts INTEGER NOT NULL DEFAULT 0,
            graded_at TEXT, score REAL, max_score REAL, pending REAL, problem TEXT, result TEXT,
            PRIMARY KEY (student, fingerprint)) WITHOUT ROWID""",
        "CREATE UNIQUE INDEX counting ON grading (student) WHERE counts",
        "CREATE TABLE command (line TEXT PRIMARY KEY, given_at TEXT NOT NULL)",
        "CREATE TABLE report (name TEXT PRIMARY KEY, revision INTEGER NOT NULL)",
        """CREATE VIEW mark AS SELECT student, score, max_score, pending, problem, graded_at
            FROM grading WHERE counts""",
        """CREATE VIEW answer AS SELECT student, json_extract(value, '$.id') AS question,
            json_extract(value, '$.score') AS score,
            json_extract(value, '$.max_score') AS max_score,
            json_extract(value, '$.verdict') AS verdict
            FROM grading, json_each(result, '$.questions') WHERE counts""",
    ),
    (
        """CREATE TABLE override (
            student TEXT NOT NULL, question TEXT NOT NULL, score REAL NOT NULL,
            comment TEXT NOT NULL, given_by TEXT NOT NULL, given_at TEXT NOT NULL,
            PRIMARY KEY (student, question)) WITHOUT ROWID""",
    ),
    (
        "CREATE TABLE secret (value BLOB NOT NULL)",
        "INSERT INTO secret VALUES (randomblob(32))",
    ),
    (
        """CREATE TABLE code (
            student TEXT NOT NULL, content TEXT NOT NULL, cells BLOB NOT NULL,
            PRIMARY KEY (student, content))""",
    ),
    ("ALTER TABLE override ADD COLUMN max_score REAL",),
    ("ALTER TABLE report ADD COLUMN how TEXT NOT NULL DEFAULT ''",),
)
"""The statements that lead from each version of the schema to the next; only ever added to."""
