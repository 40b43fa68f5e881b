"""The four flows, traced: modules on the way and returns. Written to run on either tree.

Counted: calls between our modules from the act to the milestone, on every thread. A slot that is
called by an emitted signal and does not lead to the milestone (another listener) is left out with
all it calls. `modules`: distinct ones on the way. `returns`: how often the backbone (the stacks at
the milestones, one after the other) comes back to a module it had left.
"""
import importlib, linecache, subprocess, sys, threading, time
from pathlib import Path
import pytest, tifffile
import pyqtgraph as pg

OURS = ("core.", "gui.", "training.")
def mod(*names):
    for n in names:
        try: return importlib.import_module(n)
        except ModuleNotFoundError: pass
    raise AssertionError(names)
def frames(f):
    found = []
    while f is not None:
        if f.f_globals.get("__name__", "").startswith(OURS): found.append(f)
        f = f.f_back
    return found[::-1]
def name(f): return f.f_globals["__name__"]
def chain(stacks):
    out = []
    for s in stacks:
        for m in s:
            if not out or out[-1] != m: out.append(m)
    return out
class Trace:
    def __init__(self): self.on = False; self.marks = []; self.calls = []
    def profile(self, frame, event, arg):
        if event != "call" or not self.on: return
        m = frame.f_globals.get("__name__", "")
        if not m.startswith(OURS) or frame.f_code.co_name == "<module>": return
        path = []
        for f in frames(frame):
            slot = bool(path) and ".emit(" in linecache.getline(path[-1][2], path[-1][3])
            path.append((name(f), slot, f.f_code.co_filename, f.f_lineno))
        self.calls.append((threading.current_thread() is threading.main_thread(), [(p[0], p[1]) for p in path]))
    def begin(self):
        self.marks.clear(); self.calls.clear(); self.on = True; sys.setprofile(self.profile)
    def end(self): self.on = False; sys.setprofile(None)
    def mark(self, label):
        if self.on: self.marks.append((label, threading.current_thread() is threading.main_thread(), [name(f) for f in frames(sys._getframe(2))], len(self.calls)))
    def find(self, label, gui=None, has="", last=False):
        got = [m for m in self.marks if m[0] == label and (gui is None or m[1] == gui) and any(has in x for x in m[2])]
        assert got, (label, [(m[0], m[1], m[2][-1:]) for m in self.marks])
        return got[-1 if last else 0]
    def between(self, first, last, gui=None):
        return [c for c in self.calls[first:last] if gui is None or c[0] == gui]
    def tell(self, title, marks, picked):
        self.picked = picked
        back = chain([m[2] for m in marks]); seen = set(); returns = 0; prev = None
        for m in back:
            if m in seen and m != prev: returns += 1
            seen.add(m); prev = m
        way = dict.fromkeys(seen)
        for gui, path in self.picked:
            if any(slot and m not in seen for m, slot in path): continue
            if not any(m in seen for m, _ in path): continue
            way.update(dict.fromkeys(m for m, _ in path))
        print(f"\n=== {title}: {len(way)} modules, {returns} returns; backbone {len(seen)}")
        for m in marks: print("     ", m[0], ":", " > ".join(x.rpartition(".")[2] for x in chain([m[2]])))
        print("      way:", " ".join(w.rpartition(".")[2] for w in way))
T = Trace()
def hook(mp, owner, attr, label):
    real = getattr(owner, attr)
    def through(*a, **k):
        T.mark(label)
        return real(*a, **k)
    mp.setattr(owner, attr, through)
@pytest.fixture
def hooks(monkeypatch):
    tasks = mod("gui.shell.tasks", "gui.tasks")
    real = tasks.Task.run
    def run(self, *a):
        sys.setprofile(T.profile if T.on else None)
        try: return real(self, *a)
        finally: sys.setprofile(None)
    monkeypatch.setattr(tasks.Task, "run", run)
    hook(monkeypatch, pg.ImageItem, "setImage", "image")
    hook(monkeypatch, tifffile.TiffFile, "__init__", "file")
    for n in ("run", "run_in_parts", "start"):
        if hasattr(tasks.Lanes, n): hook(monkeypatch, tasks.Lanes, n, "lane")
    hook(monkeypatch, mod("gui.viewer.overlay_item", "gui.canvas.overlay_item").OverlayItem, "set_picture", "overlay")
    hook(monkeypatch, mod("core.workspace.store", "core.store").Store, "transaction", "journal")
    status = mod("gui.shell.status_bar", "gui.panels.status_bar", "gui.status_bar")
    for n in ("set_correction", "set_saved", "set_correction_text"):
        if hasattr(status.StatusBar, n): hook(monkeypatch, status.StatusBar, n, "status")
    return monkeypatch
def lane(has):
    got = [m for m in T.marks if m[0] == "lane" and m[1]]
    return next((m for m in got if any(has in x for x in m[2][-2:])), None)
def test_click(hooks, program, qtbot):
    from tests.gui.tiny import settle
    program.operations.cache.clear()
    T.begin(); program.window.worklist.case_chosen.emit("B_2"); settle(qtbot, program); T.end()
    image = T.find("image", True); start = lane("case_load"); file = T.find("file", False, "tiff")
    T.tell("click to pixels", [*([start] if start else []), file, image], T.between(0, image[3]))
def test_stroke(hooks, program, hand, press):
    press("B")
    T.begin(); hand.press((8, 8)); hand.move((8, 12)); 
    drawn = T.find("overlay", True); first = T.between(0, drawn[3]); n = len(T.calls)
    hand.release(); hand.settle(); T.end()
    kept = next(m for m in T.marks if m[0] == "journal" and not m[1] and m[3] >= n)
    started = [m for m in T.marks if m[0] == "lane" and m[1] and m[3] >= n and any("correction_desk" in x or "correcting" in x for x in m[2][-1:])]
    T.tell("a stroke: press to outline, release to journal", [drawn, *started[:1], kept], [*first, *T.between(n, started[0][3] if started else kept[3], True), *T.between(n, kept[3], False)])
def test_slice(hooks, start, long_case, slow, qtbot):
    from tests.gui.running import finish
    program = start(long_case, engine=True)
    messages, engine = mod("core.inference.engine_messages", "core.engine_messages"), mod("core.inference.engine", "core.engine")
    real = engine.read_reply
    def read(stream):
        got = real(stream)
        if isinstance(got, messages.Slices): T.mark("slices")
        return got
    hooks.setattr(engine, "read_reply", read)
    T.begin()
    program.prediction.desk.run_case() if hasattr(program, "prediction") else program.operations.run_case()
    finish(qtbot, program); T.end()
    first = next(m for m in T.marks if m[0] == "slices")
    after = next(m for m in T.marks if m[0] == "overlay" and m[1] and m[3] > first[3] and any("run" in x or "scor" in x or "session" in x for x in m[2]))
    T.tell("a slice of a run", [first, after], T.between(first[3], after[3], True))
def test_fine_tune(monkeypatch, qtbot, home, tmp_path):
    import torch
    from PySide6.QtWidgets import QPushButton
    from tests.gui.training_desk import Desk, make_champion, write_dataset
    from tests.gui.finding import button, by_name
    from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QLineEdit, QSpinBox
    tasks = mod("gui.shell.tasks", "gui.tasks"); job_start = mod("core.jobs.job_start", "core.jobs.start", "core.job_start")
    make_champion(home)
    desk = Desk(qtbot, home, write_dataset(tmp_path / "data"))
    for n in ("run", "run_in_parts", "start"):
        if hasattr(tasks.Lanes, n): hook(monkeypatch, tasks.Lanes, n, "lane")
    jf = mod("core.jobs.job_folder", "core.job_folder")
    found = {}
    real_popen = subprocess.Popen
    class Popen(real_popen):
        def __init__(self, *a, **k):
            T.mark("process"); found["args"] = a[0]
            super().__init__([sys.executable, "-c", "pass"], **{x: y for x, y in k.items() if x in ("stdin", "stdout", "stderr", "env")})
    monkeypatch.setattr(job_start.subprocess, "Popen", Popen)
    button(desk.drawer, "New job").click()
    qtbot.waitUntil(lambda: desk.training.dialog is not None)
    dialog = desk.training.dialog
    bases = by_name(dialog, QComboBox, "Base model"); bases.setCurrentIndex(bases.findData("tiny"))
    by_name(dialog, QSpinBox, "Batch").setValue(4); by_name(dialog, QSpinBox, "Epochs").setValue(1); by_name(dialog, QDoubleSpinBox, "Minutes").setValue(0)
    by_name(dialog, QLineEdit, "Save as").setText("Second")
    T.begin()
    button(dialog, "Start training").click()
    qtbot.waitUntil(lambda: "args" in found); 
    train = mod("training.train")
    from pathlib import Path as P
    folder = P(found["args"][-1])
    opt = torch.optim.AdamW.step
    hook(monkeypatch, torch.optim.AdamW, "step", "step")
    reg = mod("core.models.registry", "core.models", "core.registry")
    hook(monkeypatch, reg.Registry, "publish", "publish")
    train.run(train.read_job(folder), jf.JobFolder(folder))
    MarksDrawer = type(desk.drawer)
    hook(monkeypatch, MarksDrawer, "show_jobs", "drawer")
    rec = mod("gui.shell.job_record", "gui.job_record")
    hook(monkeypatch, rec.JobTail, "read", "tail")
    T.on = True
    desk.training.watch.refresh()
    qtbot.waitUntil(lambda: any(m[0] == "drawer" for m in T.marks), timeout=20000)
    T.end()
    start = next(m for m in T.marks if m[0] == "lane" and m[1])
    tail = T.find("tail", False); drawer = T.find("drawer", True)
    marks = [start, T.find("process"), T.find("step"), T.find("publish"), tail, drawer]
    seen = [m for x in marks for m in x[2]]
    T.tell("a fine-tune (backbone alone)", marks, [])
    desk.close()
