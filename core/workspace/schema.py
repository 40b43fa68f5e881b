"""Tables of the workspace's SQLite file, as steps from one version of it to the next.

A step that was released is never changed: a workspace made by an older Overread takes the steps it
has not seen, in order, all in one transaction.
"""

_SCORES_AND_STATES = """
CREATE TABLE scores (
    case_id TEXT NOT NULL, model_id TEXT NOT NULL, key TEXT NOT NULL, dsc REAL,
    PRIMARY KEY (case_id, model_id)
) WITHOUT ROWID;
CREATE TABLE states (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""

_SPLITS = """
CREATE TABLE splits (
    hash TEXT PRIMARY KEY, content TEXT NOT NULL, time REAL NOT NULL
) WITHOUT ROWID;
"""

_CORRECTIONS = """
CREATE TABLE corrections (
    case_id TEXT PRIMARY KEY, author TEXT NOT NULL, origin TEXT NOT NULL, shape TEXT NOT NULL,
    start BLOB NOT NULL, base BLOB, base_head INTEGER NOT NULL DEFAULT 0,
    forgotten TEXT NOT NULL DEFAULT '{}'
);
CREATE TABLE correction_states (
    case_id TEXT PRIMARY KEY, head INTEGER NOT NULL, counter INTEGER NOT NULL,
    saved_head INTEGER NOT NULL, seconds REAL NOT NULL, changed_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE correction_edits (
    case_id TEXT NOT NULL, number INTEGER NOT NULL, tool TEXT NOT NULL, z INTEGER NOT NULL,
    box TEXT NOT NULL, voxels INTEGER NOT NULL, before BLOB NOT NULL, after BLOB NOT NULL,
    PRIMARY KEY (case_id, number)
);
CREATE TABLE correction_versions (
    case_id TEXT NOT NULL, number INTEGER NOT NULL, content TEXT NOT NULL,
    PRIMARY KEY (case_id, number)
) WITHOUT ROWID;
"""

_REVIEWS_AND_FIGURES = """
CREATE TABLE reviews (
    id INTEGER PRIMARY KEY, case_id TEXT NOT NULL, status TEXT NOT NULL, rating INTEGER,
    note TEXT NOT NULL, reader TEXT NOT NULL, time TEXT NOT NULL,
    undone INTEGER NOT NULL DEFAULT 0, redoable INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX reviews_by_case ON reviews (case_id, undone, id);
CREATE TABLE time_spent (
    case_id TEXT NOT NULL, reader TEXT NOT NULL, seconds REAL NOT NULL,
    PRIMARY KEY (case_id, reader)
) WITHOUT ROWID;
CREATE TABLE decisions (
    case_id TEXT NOT NULL, against TEXT NOT NULL, key TEXT NOT NULL, taken INTEGER NOT NULL,
    PRIMARY KEY (case_id, against, key)
) WITHOUT ROWID;
CREATE TABLE case_figures (
    case_id TEXT NOT NULL, model_id TEXT NOT NULL, key TEXT NOT NULL, figures TEXT NOT NULL,
    PRIMARY KEY (model_id, case_id)
) WITHOUT ROWID;
CREATE TABLE model_disagreements (
    case_id TEXT NOT NULL, models TEXT NOT NULL, value REAL NOT NULL,
    PRIMARY KEY (models, case_id)
) WITHOUT ROWID;
CREATE TABLE blinded_studies (id INTEGER PRIMARY KEY, plan TEXT NOT NULL, unblinded TEXT);
CREATE TABLE blinded_presentations (
    study_id INTEGER NOT NULL, number INTEGER NOT NULL, case_id TEXT NOT NULL,
    models TEXT NOT NULL, repeat_of INTEGER, answer TEXT,
    PRIMARY KEY (study_id, number)
) WITHOUT ROWID;
"""

_TRIAGE_AND_DOUBTS = """
CREATE TABLE triages (
    case_id TEXT NOT NULL, model_id TEXT NOT NULL, key TEXT NOT NULL, content TEXT NOT NULL,
    PRIMARY KEY (model_id, case_id)
) WITHOUT ROWID;
CREATE TABLE doubts (
    case_id TEXT NOT NULL, model_id TEXT NOT NULL, key TEXT NOT NULL, content TEXT NOT NULL,
    PRIMARY KEY (model_id, case_id)
) WITHOUT ROWID;
"""

# What a review is of was not kept before: the model is known where only one has predicted the case,
# the correction by the time; the rest is not, and a review of an unknown model holds of none.
_SUBJECTS_AND_TRUTH_ERRORS = """
ALTER TABLE reviews ADD COLUMN subject TEXT;
UPDATE reviews SET subject = (
    SELECT json_object(
        'model', MIN(model_id),
        'version', (
            SELECT COALESCE(MAX(number), 0) FROM correction_versions AS saved
            WHERE saved.case_id = reviews.case_id
            AND CASE WHEN json_valid(saved.content)
                THEN json_extract(saved.content, '$.saved_at') END <= reviews.time
        )
    )
    FROM scores WHERE scores.case_id = reviews.case_id HAVING COUNT(*) = 1
);
ALTER TABLE decisions ADD COLUMN reader TEXT NOT NULL DEFAULT '';
CREATE TABLE truth_errors (
    case_id TEXT NOT NULL, against TEXT NOT NULL, key TEXT NOT NULL, content TEXT NOT NULL,
    region BLOB NOT NULL, PRIMARY KEY (case_id, against, key)
) WITHOUT ROWID;
"""

_SIGNED = """
CREATE TABLE signed (id INTEGER PRIMARY KEY, case_id TEXT NOT NULL, content TEXT NOT NULL);
"""

# What a reader clicked stays with the edit it led to, so that it can be replayed on another model.
_CLICKS = """
ALTER TABLE correction_edits ADD COLUMN clicks TEXT NOT NULL DEFAULT '';
"""

# On which day time was spent was not kept before: those days are empty.
_TIME_BY_DAY = """
CREATE TABLE time_by_day (
    case_id TEXT NOT NULL, reader TEXT NOT NULL, day TEXT NOT NULL, seconds REAL NOT NULL,
    PRIMARY KEY (case_id, reader, day)
) WITHOUT ROWID;
INSERT INTO time_by_day SELECT case_id, reader, '', seconds FROM time_spent;
DROP TABLE time_spent;
ALTER TABLE time_by_day RENAME TO time_spent;
"""

# Figures before are of all labels together, which is the region without a name.
_REGIONS = """
CREATE TABLE scores_by_region (
    case_id TEXT NOT NULL, model_id TEXT NOT NULL, key TEXT NOT NULL, dsc REAL,
    region TEXT NOT NULL DEFAULT '', PRIMARY KEY (case_id, model_id, region)
) WITHOUT ROWID;
INSERT INTO scores_by_region (case_id, model_id, key, dsc)
    SELECT case_id, model_id, key, dsc FROM scores;
DROP TABLE scores;
ALTER TABLE scores_by_region RENAME TO scores;
CREATE TABLE figures_by_region (
    case_id TEXT NOT NULL, model_id TEXT NOT NULL, key TEXT NOT NULL, figures TEXT NOT NULL,
    region TEXT NOT NULL DEFAULT '', PRIMARY KEY (model_id, case_id, region)
) WITHOUT ROWID;
INSERT INTO figures_by_region (case_id, model_id, key, figures)
    SELECT case_id, model_id, key, figures FROM case_figures;
DROP TABLE case_figures;
ALTER TABLE figures_by_region RENAME TO case_figures;
CREATE TABLE doubts_by_region (
    case_id TEXT NOT NULL, model_id TEXT NOT NULL, key TEXT NOT NULL, content TEXT NOT NULL,
    region TEXT NOT NULL DEFAULT '', PRIMARY KEY (model_id, case_id, region)
) WITHOUT ROWID;
INSERT INTO doubts_by_region (case_id, model_id, key, content)
    SELECT case_id, model_id, key, content FROM doubts;
DROP TABLE doubts;
ALTER TABLE doubts_by_region RENAME TO doubts;
"""

_MEASUREMENTS = """
CREATE TABLE measurements (
    id INTEGER PRIMARY KEY AUTOINCREMENT, case_id TEXT NOT NULL, content TEXT NOT NULL
);
CREATE INDEX measurements_by_case ON measurements (case_id);
"""

# A correction was a mask before; that its labels are empty says so of those there are. Its edits
# told bits, and those of label maps tell themselves apart (`core.annotation.history`).
_LABELS = """
ALTER TABLE corrections ADD COLUMN labels TEXT NOT NULL DEFAULT '';
ALTER TABLE correction_edits ADD COLUMN labels TEXT NOT NULL DEFAULT '';
"""

# All that was drawn before was drawn on axial slices.
_PLANES = """
ALTER TABLE correction_edits ADD COLUMN plane TEXT NOT NULL DEFAULT 'axial';
"""

STEPS = (
    _SCORES_AND_STATES,
    _SPLITS,
    _CORRECTIONS,
    _REVIEWS_AND_FIGURES,
    _TRIAGE_AND_DOUBTS,
    _SUBJECTS_AND_TRUTH_ERRORS,
    _SIGNED,
    _CLICKS,
    _TIME_BY_DAY,
    _REGIONS,
    _MEASUREMENTS,
    _LABELS,
    _PLANES,
)
"""SQL of each step; the n-th leads to version n of the file, counted from 1."""
