from __future__ import annotations

import threading

from orrery.storage.parting import wait_for_rest


def test_a_thread_at_work_is_waited_for() -> None:
    started, go_on, done = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        started.set()
        while not go_on.is_set():
            pass
        done.set()

    busy = threading.Thread(target=work)
    busy.start()
    started.wait(60)
    assert not wait_for_rest(0.3), "it never rests"
    go_on.set()
    busy.join()
    assert wait_for_rest(60)
    assert done.is_set()
