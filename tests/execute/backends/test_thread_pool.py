"""Work that is shared between threads: who does what, and what becomes of errors."""

import threading

import pytest

from convcalc.execute.backends import thread_pool


def test_work_is_shared_only_where_it_pays():
    seen = []
    thread_pool.shared(lambda begin, end: seen.append((begin, end)), 10, 4, 1e-4)
    assert [(0, 10)] == seen
    seen.clear()
    thread_pool.shared(lambda begin, end: seen.append((begin, end)), 10, 2, 0.3)
    # four runs for each of two threads
    expected = [(0, 1), (1, 2), (2, 3), (3, 5), (5, 6), (6, 7), (7, 8), (8, 10)]
    assert expected == sorted(seen)


def test_long_work_is_handed_out_in_short_runs():
    seen = []
    thread_pool.shared(lambda begin, end: seen.append(end - begin), 1000, 2, 2.0)
    assert [50] * 20 == seen


def test_the_caller_does_what_a_helper_does_not_come_to():
    held, done = threading.Event(), []

    def work(begin, end):
        if threading.current_thread() is threading.main_thread():
            done.append((begin, end))
            if len(done) == 7:
                held.set()
        else:
            assert held.wait(10)

    thread_pool.shared(work, 8, 2, 0.3)
    assert 7 <= len(done) <= 8


def test_nothing_is_begun_after_an_interrupt():
    begun, helping, over = [], threading.Event(), threading.Event()

    def work(begin, end):
        begun.append(begin)
        if threading.current_thread() is threading.main_thread():
            assert helping.wait(10)
            raise KeyboardInterrupt
        helping.set()
        assert over.wait(10)

    with pytest.raises(KeyboardInterrupt):
        thread_pool.shared(work, 100, 2, 5.0)
    over.set()
    helper_is_free()
    assert 2 == len(begun)


def helper_is_free():
    """Waits until the one helper of two threads has come to other work."""
    helping = threading.Event()

    def work(begin, end):
        if threading.current_thread() is threading.main_thread():
            assert helping.wait(10)
        else:
            helping.set()

    thread_pool.shared(work, 8, 2, 0.3)


@pytest.mark.parametrize("helping", [False, True])
def test_an_error_in_a_thread_is_raised(helping):
    failing = threading.Event()

    def work(begin, end):
        if (threading.current_thread() is threading.main_thread()) != helping:
            failing.set()
            raise ValueError("here")
        assert failing.wait(10)

    with pytest.raises(ValueError, match="here"):
        thread_pool.shared(work, 8, 2, 1.0)
