-- A workspace that Overread of 27 November 2026 wrote (version 5 of the tables).
BEGIN TRANSACTION;
CREATE TABLE blinded_presentations (
    study_id INTEGER NOT NULL, number INTEGER NOT NULL, case_id TEXT NOT NULL,
    models TEXT NOT NULL, repeat_of INTEGER, answer TEXT,
    PRIMARY KEY (study_id, number)
) WITHOUT ROWID;
CREATE TABLE blinded_studies (id INTEGER PRIMARY KEY, plan TEXT NOT NULL, unblinded TEXT);
CREATE TABLE case_figures (
    case_id TEXT NOT NULL, model_id TEXT NOT NULL, key TEXT NOT NULL, figures TEXT NOT NULL,
    PRIMARY KEY (model_id, case_id)
) WITHOUT ROWID;
INSERT INTO "case_figures" VALUES('A_1','lite0','aa-11 0.500 False False','{"case":"A_1","model":"lite0","slices":6,"dsc":0.8,"iou":null,"sensitivity":null,"specificity":null,"precision":null,"hd95":null,"average_surface_distance":null,"surface_dice":null,"volume_difference":null,"lesion_sensitivity":null,"lesion_precision":null,"lesion_f1":null,"truth_voxels":null,"predicted_voxels":0,"truth_ml":null,"predicted_ml":null,"uncertainty":0.0,"unit":"voxels"}');
CREATE TABLE correction_edits (
    case_id TEXT NOT NULL, number INTEGER NOT NULL, tool TEXT NOT NULL, z INTEGER NOT NULL,
    box TEXT NOT NULL, voxels INTEGER NOT NULL, before BLOB NOT NULL, after BLOB NOT NULL,
    PRIMARY KEY (case_id, number)
);
CREATE TABLE correction_states (
    case_id TEXT PRIMARY KEY, head INTEGER NOT NULL, counter INTEGER NOT NULL,
    saved_head INTEGER NOT NULL, seconds REAL NOT NULL, changed_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE correction_versions (
    case_id TEXT NOT NULL, number INTEGER NOT NULL, content TEXT NOT NULL,
    PRIMARY KEY (case_id, number)
) WITHOUT ROWID;
INSERT INTO "correction_versions" VALUES('C_10',1,'{"case_id": "C_10", "number": 1, "path": "corrections/C_10/1.tif", "author": "Ann", "saved_at": "2026-01-01T10:00:00+00:00", "origin": {"kind": "prediction", "model_id": "lite0", "key": "aa-33", "threshold": 0.5}, "tools": {"brush": 3}, "seconds": 9.0, "voxels": 50, "voxels_changed": 8, "dsc_before": null, "dsc_after": null, "head": 3, "checksum": "0"}');
INSERT INTO "correction_versions" VALUES('C_10',2,'{"case_id": "C_10", "number": 2, "path": "corrections/C_10/2.tif", "author": "Ann", "saved_at": "2099-01-01T10:00:00+00:00", "origin": {"kind": "prediction", "model_id": "lite0", "key": "aa-33", "threshold": 0.5}, "tools": {"brush": 3}, "seconds": 9.0, "voxels": 50, "voxels_changed": 8, "dsc_before": null, "dsc_after": null, "head": 3, "checksum": "0"}');
CREATE TABLE corrections (
    case_id TEXT PRIMARY KEY, author TEXT NOT NULL, origin TEXT NOT NULL, shape TEXT NOT NULL,
    start BLOB NOT NULL, base BLOB, base_head INTEGER NOT NULL DEFAULT 0,
    forgotten TEXT NOT NULL DEFAULT '{}'
);
CREATE TABLE decisions (
    case_id TEXT NOT NULL, against TEXT NOT NULL, key TEXT NOT NULL, taken INTEGER NOT NULL,
    PRIMARY KEY (case_id, against, key)
) WITHOUT ROWID;
INSERT INTO "decisions" VALUES('A_1','truth aa-11 0.500 False False','false_negative:1,2,3',1);
INSERT INTO "decisions" VALUES('A_1','truth aa-11 0.500 False False','false_positive:4,5,6',0);
CREATE TABLE doubts (
    case_id TEXT NOT NULL, model_id TEXT NOT NULL, key TEXT NOT NULL, content TEXT NOT NULL,
    PRIMARY KEY (model_id, case_id)
) WITHOUT ROWID;
CREATE TABLE model_disagreements (
    case_id TEXT NOT NULL, models TEXT NOT NULL, value REAL NOT NULL,
    PRIMARY KEY (models, case_id)
) WITHOUT ROWID;
CREATE TABLE reviews (
    id INTEGER PRIMARY KEY, case_id TEXT NOT NULL, status TEXT NOT NULL, rating INTEGER,
    note TEXT NOT NULL, reader TEXT NOT NULL, time TEXT NOT NULL,
    undone INTEGER NOT NULL DEFAULT 0, redoable INTEGER NOT NULL DEFAULT 0
);
INSERT INTO "reviews" VALUES(1,'A_1','unreviewed',2,'','Ann','2026-11-27T16:46:45+00:00',0,0);
INSERT INTO "reviews" VALUES(2,'A_1','accepted',2,'','Ann','2026-11-27T16:46:45+00:00',0,0);
INSERT INTO "reviews" VALUES(3,'B_2','rejected',NULL,'Rim too wide','Bo','2026-11-27T16:46:45+00:00',0,0);
INSERT INTO "reviews" VALUES(4,'C_10','accepted',NULL,'','Ann','2026-11-27T16:46:45+00:00',1,0);
INSERT INTO "reviews" VALUES(5,'C_10','corrected',NULL,'','Ann','2026-11-27T16:46:45+00:00',0,0);
CREATE TABLE scores (
    case_id TEXT NOT NULL, model_id TEXT NOT NULL, key TEXT NOT NULL, dsc REAL,
    PRIMARY KEY (case_id, model_id)
) WITHOUT ROWID;
INSERT INTO "scores" VALUES('A_1','lite0','aa-11 0.500 False False',0.8);
INSERT INTO "scores" VALUES('B_2','lite0','aa-22 0.500 False False',0.7);
INSERT INTO "scores" VALUES('B_2','lite1','bb-22 0.500 False False',0.6);
INSERT INTO "scores" VALUES('C_10','lite0','aa-33 0.500 False False',NULL);
CREATE TABLE splits (
    hash TEXT PRIMARY KEY, content TEXT NOT NULL, time REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE states (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "states" VALUES('last','{"case_id":"B_2","slice_index":3,"model_id":"lite0","listing":{"order":"","only":"","text":""}}');
CREATE TABLE time_spent (
    case_id TEXT NOT NULL, reader TEXT NOT NULL, seconds REAL NOT NULL,
    PRIMARY KEY (case_id, reader)
) WITHOUT ROWID;
INSERT INTO "time_spent" VALUES('A_1','Ann',12.5);
CREATE TABLE triages (
    case_id TEXT NOT NULL, model_id TEXT NOT NULL, key TEXT NOT NULL, content TEXT NOT NULL,
    PRIMARY KEY (model_id, case_id)
) WITHOUT ROWID;
CREATE INDEX reviews_by_case ON reviews (case_id, undone, id);
COMMIT;
PRAGMA user_version=5;
