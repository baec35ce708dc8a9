"""A tree of real processes: started, mended, stopped in order and in time, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

import pytest

from console.child import Program, python
from console.locks import held
from console.supervisor import News, Supervisor, Turn, wait_after
from console.warden import marked
from substrate.errors import ConflictError
from tests.console.tree import PARENT, STUBBORN

PATIENCE = 30.0
SLEEPER = "import time; print('on', flush=True); time.sleep(99)"


@dataclass
class Watched:
    """A supervisor that runs in a thread of the test."""

    home: Path
    stop: Event = field(default_factory=Event)
    hurry: Event = field(default_factory=Event)
    news: list[News] = field(default_factory=list)
    lines: list[tuple[str, str]] = field(default_factory=list)

    @contextmanager
    def running(self, *programs: Program, stop_seconds: float = 5.0) -> Iterator[Supervisor]:
        """Run the programs as long as the block lasts."""
        supervisor = Supervisor(
            programs, self.home, self.news.append, lambda *said: self.lines.append(said), stop_seconds=stop_seconds
        )
        thread = Thread(target=supervisor.run, args=(self.stop, self.hurry))
        thread.start()
        try:
            yield supervisor
        finally:
            self.stop.set()
            thread.join()

    def pids(self, turn: Turn = Turn.STARTED) -> list[int]:
        """The processes that took a turn."""
        return [each.pid for each in self.news if each.turn is turn]

    def turns(self, turn: Turn) -> list[str]:
        """The programs that took a turn, in order."""
        return [each.program for each in self.news if each.turn is turn]


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def until(reached: Callable[[], object]) -> None:
    """Look again and again until it is so."""
    end = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < end, "it never came so far"
        time.sleep(0.02)


def lives(pid: int) -> bool:
    """Whether a process is there and is more than a name on a list."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@pytest.mark.parametrize(("failures", "seconds"), [(1, 0.5), (2, 1.0), (4, 4.0), (7, 30.0), (1000, 30.0)])
def test_the_wait_doubles_up_to_half_a_minute(failures: int, seconds: float) -> None:
    assert wait_after(failures) == seconds


def test_what_ended_is_started_again_after_a_growing_wait(watched: Watched) -> None:
    with watched.running(Program("broken", python("-c", "raise SystemExit(3)"))):
        until(lambda: watched.turns(Turn.ENDED).count("broken") == 3)
    ended = [each for each in watched.news if each.turn is Turn.ENDED]
    assert [each.wait for each in ended] == [0.5, 1.0, 2.0]
    assert {each.code for each in ended} == {3}


def test_a_killed_program_is_back_and_its_neighbour_never_noticed(watched: Watched) -> None:
    with watched.running(Program("a", python("-c", SLEEPER)), Program("b", python("-c", SLEEPER))):
        until(lambda: len(watched.lines) == 2)
        first = watched.pids()
        os.kill(first[0], signal.SIGKILL)
        until(lambda: len(watched.lines) == 3)
        assert watched.turns(Turn.STARTED) == ["a", "b", "a"]
        assert lives(first[1])


def test_a_program_is_ready_when_it_says_so(watched: Watched, tmp_path: Path) -> None:
    sign = tmp_path / "sign"
    with watched.running(Program("slow", python("-c", SLEEPER), ready=sign.exists)) as supervisor:
        until(lambda: watched.lines)
        assert supervisor.ready() == frozenset()
        sign.touch()
        until(lambda: supervisor.ready() == {"slow"})


def test_what_a_program_says_is_heard_line_by_line_under_its_name(watched: Watched) -> None:
    code = "import sys; print('one'); print('two', file=sys.stderr, flush=True); import time; time.sleep(99)"
    with watched.running(Program("talks", python("-u", "-c", code))):
        until(lambda: len(watched.lines) == 2)
    assert watched.lines == [("talks", "one"), ("talks", "two")]


def test_a_program_goes_on_when_nobody_can_hear_it(tmp_path: Path) -> None:
    def deaf(_name: str, _line: str) -> None:
        raise BrokenPipeError

    sign = tmp_path / "sign"
    code = f"import pathlib; print('x' * 200_000, flush=True); pathlib.Path({str(sign)!r}).touch(); {SLEEPER}"
    stop = Event()
    program = Program("loud", python("-c", f"print('first', flush=True); {code}"))
    thread = Thread(target=Supervisor([program], tmp_path, lambda _news: None, deaf).run, args=(stop,))
    thread.start()
    until(sign.exists)
    stop.set()
    thread.join()


def test_all_stop_in_order_and_at_once(watched: Watched) -> None:
    last = Program("last", python("-c", SLEEPER), outlives=frozenset({"first"}))
    with watched.running(last, Program("first", python("-c", SLEEPER))):
        until(lambda: len(watched.lines) == 2)
        began = time.monotonic()
    assert time.monotonic() - began < 3
    assert watched.turns(Turn.STOPPED) == ["first", "last"]
    assert not any(map(lives, watched.pids()))


def test_what_does_not_listen_is_killed_in_time_with_all_that_it_started(watched: Watched) -> None:
    with watched.running(Program("deaf", python("-c", STUBBORN)), Program("begets", python("-c", PARENT)),
                         stop_seconds=1.0):  # fmt: skip
        until(lambda: len(watched.lines) == 3)
        begot = next(int(line.split()[1]) for _, line in watched.lines if line.startswith("begot"))
        began = time.monotonic()
    assert time.monotonic() - began < 2.5
    assert set(watched.turns(Turn.KILLED)) == {"deaf", "begets"}
    until(lambda: not any(map(lives, [*watched.pids(), begot])))


def test_whoever_is_in_a_hurry_waits_for_nobody(watched: Watched) -> None:
    with watched.running(Program("deaf", python("-c", STUBBORN))):
        until(lambda: watched.lines)
        watched.hurry.set()
        began = time.monotonic()
    assert time.monotonic() - began < 2.5
    assert watched.turns(Turn.KILLED) == ["deaf"]


class Tree:
    """A supervisor in a process of its own."""

    def __init__(self, home: Path, *scripts: str) -> None:
        command = [sys.executable, "-m", "tests.console.tree", str(home), "2", *scripts]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.pids: list[int] = []

    def told(self, count: int) -> None:
        """Read on until so many scripts have spoken."""
        out = self.process.stdout
        assert out is not None
        while count:
            words = out.readline().split()
            self.pids += [int(words[2])] if words[0] == "started" else []
            self.pids += [int(words[3])] if words[2] == "begot" else []
            count -= words[0] == "heard"

    def kill(self) -> None:
        """Kill the supervisor as the system would for want of memory."""
        self.process.kill()
        self.process.wait()
        assert self.process.stdout
        self.process.stdout.close()


def test_a_killed_supervisor_leaves_no_orphans_and_no_lock(tmp_path: Path) -> None:
    tree = Tree(tmp_path, STUBBORN, PARENT)
    tree.told(3)
    assert len(tree.pids) == 3
    tree.kill()
    with held(tmp_path, ["tree"]):  # waits until all is gone, and no longer
        assert not any(map(lives, tree.pids))


def test_a_living_supervisor_is_named_to_the_second(tmp_path: Path) -> None:
    tree = Tree(tmp_path, SLEEPER)
    tree.told(1)
    with pytest.raises(ConflictError, match=f"process {tree.process.pid} runs its tree"), held(tmp_path, ["tree"]):
        pass
    tree.kill()


def test_parts_of_one_home_may_be_looked_after_by_two(tmp_path: Path) -> None:
    with held(tmp_path, ["web"]), held(tmp_path, ["flows"]):
        assert (tmp_path / "run" / "web.lock").stat().st_mode & 0o777 == 0o600


def test_the_next_supervisor_ends_what_was_left_when_the_warden_fell_too(tmp_path: Path) -> None:
    tree = Tree(tmp_path, STUBBORN)
    tree.told(1)
    for pid in wardens(tree.process.pid):
        os.kill(pid, signal.SIGKILL)
    tree.kill()
    assert marked([f"{tmp_path}#p0"]) == tree.pids
    watched = Watched(tmp_path)
    with watched.running(Program("p0", python("-c", SLEEPER)), stop_seconds=0.5):
        until(lambda: watched.lines)
        assert not any(map(lives, tree.pids))


def test_a_fallen_warden_is_replaced_and_knows_everything(tmp_path: Path) -> None:
    tree = Tree(tmp_path, STUBBORN)
    tree.told(1)
    (first,) = wardens(tree.process.pid)
    os.kill(first, signal.SIGKILL)
    until(lambda: [pid for pid in wardens(tree.process.pid) if pid != first])
    tree.kill()
    until(lambda: not any(map(lives, tree.pids)))


def wardens(supervisor: int) -> list[int]:
    """The wardens of a supervisor."""
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
    return [int(pid) for pid in children if b"warden" in Path(f"/proc/{pid}/cmdline").read_bytes()]
