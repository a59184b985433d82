import pytest

from whence.record import writers


@pytest.fixture(autouse=True)
def _own_writers(monkeypatch):
    """Each test has writers of its own, which let go of their files at its end."""
    monkeypatch.setattr(writers, "_writers", {})
