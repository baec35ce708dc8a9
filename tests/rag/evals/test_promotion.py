"""Golden questions against a real index: what is asked, what is kept, and which generation may answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.embedders.hashing import HashingEmbedder
from rag.evals.golden import Golden, Place, Question
from rag.evals.promotion import GoldenGate
from rag.evals.runs import list_runs, run_of
from rag.evals.sets import freeze_set
from rag.evals.survey import survey
from rag.evals.trial import asking, overseer, try_out
from rag.generations import generations
from rag.index import Index, IndexOptions
from rag.ledger import State
from rag.opening import open_index
from rag.recipe import Recipe
from rag.sync import sync
from substrate.access import Caller, Label
from substrate.columns import Sensitivity
from substrate.database import Database
from substrate.errors import ConflictError
from substrate.settings import Settings
from tests.rag.evals.world import DOCTOR, INTERNAL
from tests.rag.stacks import CLOCK, HELPER, Shelf, brought

SAID = {
    "fever": "A fever above thirty nine degrees is told to the doctor at once.",
    "lorry": "A lorry that brings blood waits at the north gate for nobody.",
    "pupil": "A pupil who faints is laid down and given water before all else.",
}
ASKED = {"fever": "Which fever is told to the doctor?", "lorry": "Where does a lorry with blood wait?",
         "pupil": "What is a pupil who faints given?"}  # fmt: skip
GOLDEN = Golden(
    copilot="helper",
    questions=tuple(
        Question(id=key, ask=ask, where=(Place(document=key, says=SAID[key].removesuffix(".")),))
        for key, ask in ASKED.items()
    ),
)


@pytest.fixture
def shelf() -> Shelf:
    """Documents that answer the questions."""
    made = Shelf()
    for key, text in SAID.items():
        made.put(key, text)
    return made


def frozen(house: Database) -> None:
    with house.write() as connection:
        freeze_set(connection, GOLDEN, INTERNAL, DOCTOR, CLOCK.now())


@pytest.fixture
def index(ledger: Database, tmp_path: Path, shelf: Shelf) -> Iterator[Index]:
    """Their index, with a gate of golden questions."""
    brought(ledger, shelf)
    gate = GoldenGate(ledger, HashingEmbedder, lambda: {"helper": HELPER}, CLOCK)
    settings = Settings(home=tmp_path, _env_file=None)
    with open_index(settings, ledger, CLOCK, IndexOptions(quality=gate, latency_ms=10_000)) as opened:
        yield opened


def rebuilt(house: Database, shelf: Shelf, index: Index, *, without: str = "") -> tuple[State, str]:
    """Build another generation, from which some document's text is gone, and say where it stands and why."""
    if without:
        shelf.put(without, "Nothing is said here any more.")
    copilot = HELPER.model_copy(update={"recipe": Recipe(tokens=200)})
    sync(house, copilot, [shelf], HashingEmbedder(), CLOCK)
    index.catch_up()
    with house.read() as connection:
        newest = generations(connection, "helper")[0]
    return newest.state, str(newest.gates["quality"]["detail"])


def test_a_trial_knows_what_it_was_measured_on(ledger: Database, index: Index) -> None:
    live = index.live("helper")
    ask = asking(index, HashingEmbedder(), overseer("cli:ana", HELPER, live.partitions.values()), HELPER, CLOCK.now())
    with ledger.read() as connection:
        trial = try_out(connection, GOLDEN, ask, live.generation, HELPER)
    assert [one.ranks for one in trial.judged] == [(1,)] * 3
    assert (trial.measured.generation, trial.measured.legs) == (live.generation, ("dense", "lexical"))
    assert all(one.took > 0 for one in trial.judged)


@pytest.mark.parametrize(("thin", "declined"), [(0.0, False), (1.0, True)])
def test_what_is_declined_is_what_the_copilot_would_decline(index: Index, thin: float, declined: bool) -> None:
    copilot = HELPER.model_copy(update={"thin": thin})
    caller = overseer("cli:ana", copilot, index.live("helper").partitions.values())
    assert asking(index, HashingEmbedder(), caller, copilot, CLOCK.now())("Who cleans the floors?").declined is declined


def test_the_corpus_is_the_same_until_a_document_changes(ledger: Database, shelf: Shelf) -> None:
    prints = []
    for text in ("One.", "One.", "Two."):
        shelf.put("more", text)
        brought(ledger, shelf)
        with ledger.read() as connection:
            prints.append(survey(connection, 1, ["more"]).fingerprint)
    assert prints[0] == prints[1] != prints[2]


def test_a_survey_obeys_the_most_sensitive_document(ledger: Database, shelf: Shelf) -> None:
    shelf.put("secret", "Somebody is ill.", label=Label(Sensitivity.PHI, "north"))
    brought(ledger, shelf)
    with ledger.read() as connection:
        found = survey(connection, 1, ["fever"])
    assert found.label == Label(Sensitivity.PHI)
    assert SAID["fever"] in found.texts["fever"]


def test_an_equal_generation_answers(ledger: Database, shelf: Shelf, index: Index) -> None:
    frozen(ledger)
    state, why = rebuilt(ledger, shelf, index)
    assert state is State.LIVE
    assert "recall@10 1.000 -> 1.000 over 3 questions" in why


def test_a_generation_that_lost_answers_is_kept_out_until_a_person_insists(
    ledger: Database, shelf: Shelf, index: Index
) -> None:
    frozen(ledger)
    assert rebuilt(ledger, shelf, index, without="lorry") == (
        State.FAILED, "1 of 3 questions lost all their places: lorry",
    )  # fmt: skip
    with pytest.raises(ConflictError, match="quality: 1 of 3 questions lost"):
        index.promote(2)
    index.promote(2, insist=True)
    assert index.live("helper").generation == 2


def test_without_frozen_questions_every_generation_passes(ledger: Database, shelf: Shelf, index: Index) -> None:
    assert rebuilt(ledger, shelf, index, without="lorry") == (State.LIVE, "there are no frozen golden questions")


def test_what_the_gate_found_is_kept(ledger: Database, shelf: Shelf, index: Index) -> None:
    frozen(ledger)
    rebuilt(ledger, shelf, index)
    with ledger.read() as connection:
        run = list_runs(connection, DOCTOR, "helper")[0]
        assert (run.measured.generation, run.asked_by, run.set_name) == (2, "gate:quality", "v1")
        assert [one.question for one in run_of(connection, run.id, DOCTOR)[1]] == list(ASKED)


def test_a_live_generation_of_another_embedder_is_known_from_its_last_run(
    ledger: Database, shelf: Shelf, index: Index
) -> None:
    frozen(ledger)
    live, other = index.live("helper"), HashingEmbedder()
    other.fingerprint = "another"
    gate = GoldenGate(ledger, lambda: other, lambda: {"helper": HELPER}, CLOCK)
    assert gate("helper", live, live).passed  # the run of the candidate, which is the live one here, is kept first
    rebuilt(ledger, shelf, index)
    found = gate("helper", live, index.live("helper"))
    assert (found.passed, found.measured["questions"]) == (True, 3)


def test_a_live_generation_that_can_no_longer_be_asked_needs_a_person(
    ledger: Database, shelf: Shelf, index: Index
) -> None:
    live, other = index.live("helper"), HashingEmbedder()
    rebuilt(ledger, shelf, index)
    frozen(ledger)
    other.fingerprint = "another"
    verdict = GoldenGate(ledger, lambda: other, lambda: {"helper": HELPER}, CLOCK)("helper", live, index.live("helper"))
    assert (verdict.passed, "no run of it is kept" in verdict.detail) == (False, True)


def test_an_overseer_has_the_role_that_sees_most(ledger: Database, shelf: Shelf, index: Index) -> None:
    shelf.put("rounds", "Rounds begin at seven.", label=Label(Sensitivity.PHI, roles=frozenset({"nurse"})))
    brought(ledger, shelf)
    index.catch_up()
    labels = index.live("helper").partitions.values()
    assert overseer("cli:ana", HELPER, labels) == Caller("cli:ana", "nurse", Sensitivity.PHI)
