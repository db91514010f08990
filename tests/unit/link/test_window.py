from openline.link.window import INCARNATIONS_KEPT, SIZE, FrameWindows, SequenceWindow, Verdict


def test_new_then_duplicate_then_old() -> None:
    window = SequenceWindow()
    assert window.judge(1) is Verdict.NEW
    window.add(1)
    assert window.judge(1) is Verdict.DUPLICATE
    window.add(SIZE)
    assert window.judge(1) is Verdict.DUPLICATE
    assert window.judge(2) is Verdict.NEW
    window.add(SIZE + 1)
    assert window.judge(1) is Verdict.OLD
    assert window.judge(2) is Verdict.NEW
    window.add(2)
    assert window.judge(2) is Verdict.DUPLICATE


def test_judging_changes_nothing() -> None:
    window = SequenceWindow()
    window.judge(2**64 - 1)
    assert window.highest == 0
    assert window.judge(1) is Verdict.NEW


def test_a_jump_over_the_whole_window() -> None:
    window = SequenceWindow()
    window.add(1)
    window.add(2**63)
    assert window.judge(1) is Verdict.OLD
    assert window.judge(2**63) is Verdict.DUPLICATE
    assert window.judge(2**63 - 1) is Verdict.NEW
    window.add(5)  # far too old: let go
    assert window.judge(2**63 - SIZE + 1) is Verdict.NEW


def test_frames_are_told_apart_by_incarnation_and_class() -> None:
    windows = FrameWindows()
    assert windows.take(b"a", 3, 1) is Verdict.NEW
    assert windows.take(b"a", 3, 1) is Verdict.DUPLICATE
    assert windows.take(b"a", 4, 1) is Verdict.NEW
    assert windows.take(b"b", 3, 1) is Verdict.NEW
    assert windows.take(b"a", 3, 1) is Verdict.DUPLICATE


def test_incarnations_are_bounded_and_the_used_one_stays() -> None:
    windows = FrameWindows()
    windows.take(b"kept", 3, 1)
    for number in range(INCARNATIONS_KEPT * 3):
        windows.take(bytes([number]), 3, 1)
        assert windows.take(b"kept", 3, 1) is Verdict.DUPLICATE
    assert len(windows._by_incarnation) == INCARNATIONS_KEPT
