import pytest

from gateway import Gateway


@pytest.fixture(scope="module")
def gate():
    """A gateway shared by the tests of one file; they use senders and Message-IDs of their own."""
    with Gateway() as g:
        g.start()
        yield g
