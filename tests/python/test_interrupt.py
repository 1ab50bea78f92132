"""Ctrl-C in long calls: KeyboardInterrupt, and all goes on as before; and forked processes."""

import os
import signal
import threading
import time

import numpy as np
import pytest

import clearhead


def test_ctrl_c_ends_a_long_call():
    x = np.random.RandomState(0).randn(1 << 18, 64).astype(np.float32)  # would take minutes
    small = x[:64]
    before = clearhead.scaled_dot_product_attention(small, small, small)
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        timer.start()
        clearhead.scaled_dot_product_attention(x, x, x)
    timer.join()
    assert time.monotonic() - begun < 60
    assert (clearhead.scaled_dot_product_attention(small, small, small) == before).all()


def test_other_handlers_of_signals_run():
    heard = []
    usual = signal.signal(signal.SIGUSR1, lambda *_: heard.append(True))
    try:
        x = np.random.RandomState(0).randn(2, 1024, 64).astype(np.float32)
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        y = clearhead.scaled_dot_product_attention(x, x, x)
        while not heard:
            time.sleep(0.01)
    finally:
        signal.signal(signal.SIGUSR1, usual)
    assert np.isfinite(y).all()


def test_a_forked_process_calculates_too():
    x = np.random.RandomState(0).randn(8, 512, 64).astype(np.float32)
    expected = clearhead.scaled_dot_product_attention(x, x, x)
    child = os.fork()
    if child == 0:
        signal.alarm(100)  # it would wait for ever for threads that it does not have
        same = (clearhead.scaled_dot_product_attention(x, x, x) == expected).all()
        os._exit(0 if same else 1)
    _, status = os.waitpid(child, 0)
    assert status == 0
