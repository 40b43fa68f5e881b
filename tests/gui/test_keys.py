def test_x(qtbot, program):
    from PySide6.QtCore import Qt
    s=program.session
    print(s.view, s.result.comparison.counts, s.case_states)
    qtbot.keyClick(program.window.view, Qt.Key.Key_Down)
    print(s.view.slice_index)
    qtbot.keyClick(program.window.view, "t")
    print(s.view.truth)
    qtbot.keyClick(program.window.view, ",")
    print(s.view.truth)
    program.window.grab().save("/tmp/gt/x.png")
def test_y(qtbot, program):
    pass
