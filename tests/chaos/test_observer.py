"""What the observer of chaos takes for a torn line."""

import pytest

import observer

STAMP = b"2000-01-01_00:00:00.00000 "


def line_of(number):
    return b"%d %s %d" % (number, observer.LETTERS[: number * 7919 % 61], number)


class Writer7(observer.Log):
    """The log of a writer whose line 1000 was the last one, with notes of its own."""

    def __init__(self, **notes):
        self.found = []
        self.noted = notes
        super().__init__("writer7", lambda *what: self.found.append(what))
        self.last = self.previous = 1000

    def notes(self, what):
        return self.noted.get(what, set())

    def takes(self, line):
        self._line(line)
        return not self.found


HEADS = (b"", STAMP[:3], STAMP, STAMP + b"10", STAMP + line_of(1001)[:9])


@pytest.mark.parametrize("head", HEADS)
def test_the_head_of_a_line_whose_pipe_was_killed_whole_is_not_torn(head):
    log = Writer7(spilt={1200})
    assert log.takes(head)
    assert log.takes(STAMP + line_of(1201))
    assert (log.torn, log.spilt) == (1, 200)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("spilt", [set(), {999}, {100_000}])
def test_the_head_of_a_line_is_torn_while_its_pipe_exists(head, spilt):
    assert not Writer7(spilt=spilt).takes(head)


@pytest.mark.parametrize("line", [line_of(1002)[:9], b"1001 x", line_of(1001) + b"0"])
def test_what_is_the_head_of_no_such_line_is_torn(line):
    assert not Writer7(spilt={1200}).takes(STAMP + line)


def test_a_line_of_unknown_fate_may_lie_before_the_head():
    assert Writer7(spilt={1200}, unknown={1001}).takes(STAMP + line_of(1002)[:9])
