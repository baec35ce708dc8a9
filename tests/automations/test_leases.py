"""One message, one worker at a time; a dead worker's messages are taken over, and say what is not known of them."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from automations.alerts import LIVE
from automations.channels.channel import Failure, Refused, Retry
from automations.leases import LEASE_SECONDS, Leased, begin, lease, mark_dead, mark_retry, mark_sent, release
from automations.rules import Severity
from substrate.clock import DAY, MINUTE, SECOND
from substrate.database import Database
from tests.automations.post import NOW, Office, message

LATER = NOW + LEASE_SECONDS * SECOND


def take(database: Database, token: str, now: int = NOW, limit: int = 10) -> list[Leased]:
    with database.write() as connection:
        return lease(connection, now, limit, token, timeline=LIVE)


def test_nobody_else_gets_what_is_leased_until_the_lease_runs_out(office: Office) -> None:
    office.put(message(1), message(2))
    assert len(take(office.database, "a")) == 2
    assert take(office.database, "b", LATER - 1) == []
    assert len(take(office.database, "b", LATER)) == 2


def test_the_worst_goes_first_and_then_the_oldest(office: Office) -> None:
    office.put(message(1, severity=Severity.LOW), message(2), message(3), message(4, severity=Severity.CRITICAL))
    assert [one.sequence for one in take(office.database, "a")] == [4, 2, 3, 1]


def test_two_threads_never_get_the_same_message(office: Office) -> None:
    office.put(*(message(one) for one in range(200)))
    start = Barrier(2)

    def work(name: str) -> list[int]:
        start.wait()
        got: list[int] = []
        while held := take(office.database, f"{name}{len(got)}", limit=7):
            got += [one.id for one in held]
        return got

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(work, ["a", "b"])
    assert len(first) + len(second) == len({*first, *second}) == 200


TAKER = """
import sys
from automations.alerts import LIVE
from automations.leases import lease
from substrate.database import open_database
database, number = open_database(sys.argv[1]), 0
print("ready", flush=True)
sys.stdin.readline()
while True:
    with database.write() as connection:
        held = lease(connection, int(sys.argv[3]), 3, f"{sys.argv[2]}{number}", timeline=LIVE)
    number += 1
    print(*(one.id for one in held), flush=True)
    if not held:
        break
database.close()
"""


def test_two_processes_never_get_the_same_message(office: Office) -> None:
    office.put(*(message(one) for one in range(200)))
    url = office.database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", TAKER, url]
    takers = [
        subprocess.Popen([*command, name, str(NOW)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for name in "ab"
    ]
    for taker in takers:
        assert taker.stdout is not None
        assert taker.stdout.readline() == "ready\n"
    first, second = (found.split() for found in _outputs(takers))
    assert len(first) + len(second) == len({*first, *second}) == 200


def _outputs(takers: list[subprocess.Popen[str]]) -> list[str]:
    for taker in takers:
        assert taker.stdin is not None
        taker.stdin.write("go\n")
        taker.stdin.flush()
    return [taker.communicate(timeout=30)[0] for taker in takers]


def test_only_who_holds_the_lease_decides_the_fate(office: Office) -> None:
    office.put(message())
    late, holder = take(office.database, "a")[0], take(office.database, "b", LATER)[0]
    with office.database.write() as connection:
        assert not begin(connection, late, LATER, maybe_duplicate=False)
        assert not mark_sent(connection, late, LATER, "p")
        assert not mark_dead(connection, late, LATER, Refused(Failure.CLIENT, "no"))
        assert mark_sent(connection, holder, LATER, "p")
        assert not mark_sent(connection, holder, LATER, "p")
    assert office.states() == ["sent"]


def test_what_had_begun_is_uncertain_after_a_takeover_and_what_had_not_is_not(office: Office) -> None:
    office.put(message(1), message(2))
    with office.database.write() as connection:
        begin(connection, lease(connection, NOW, 2, "a", timeline=LIVE)[0], NOW, maybe_duplicate=False)
    taken = {one.sequence: one for one in take(office.database, "b", LATER + MINUTE)}
    assert [(taken[place].uncertain, taken[place].attempts) for place in (1, 2)] == [(True, 1), (False, 0)]


def test_a_lost_answer_stays_uncertain(office: Office) -> None:
    office.put(message())
    held = take(office.database, "a")[0]
    with office.database.write() as connection:
        mark_retry(connection, held, NOW, NOW + SECOND, Retry(Failure.TIMEOUT, "late", uncertain=True))
    assert take(office.database, "b", NOW + SECOND)[0].uncertain


def test_released_messages_are_due_at_once_except_what_had_begun(office: Office) -> None:
    office.put(message(1), message(2))
    held = take(office.database, "a")
    with office.database.write() as connection:
        begin(connection, held[0], NOW, maybe_duplicate=False)
        assert release(connection, "a", NOW) == 1
    assert [one.sequence for one in take(office.database, "b")] == [2]


def test_a_clock_that_is_set_back_holds_nothing_up(office: Office) -> None:
    office.put(message())
    held = take(office.database, "a")[0]
    with office.database.write() as connection:
        mark_retry(connection, held, NOW, NOW + MINUTE, Retry(Failure.SERVER, "500"))
    assert len(take(office.database, "b", NOW - DAY)) == 1


def test_a_clock_a_little_behind_waits(office: Office) -> None:
    office.put(message())
    assert take(office.database, "b", NOW - MINUTE) == []


def test_other_timelines_are_left_alone(office: Office) -> None:
    office.put(message(timeline="replay-1"))
    assert take(office.database, "a") == []
