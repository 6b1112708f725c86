"""When the keeper of a suite tries again, when it gives up, and what it says, by a clock that the test sets."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from local.keeper import FIRST_ANSWER_SECONDS, HANG_SECONDS, MOST_ENDS, OCCUPIED_SECONDS, Kept
from local.process import CannotStart, NoAnswer, Occupied, StartFailed
from tests.kit.waiting import until

HOUR = 3600


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class FakePart:
    """A part that does what the test tells it to."""

    name = "NATS"

    def __init__(self) -> None:
        self.pid: int | None = None
        self.refuses: StartFailed | OSError | None = None
        self.silent = False
        self.waits_for: str | None = None
        self.launches = self.asked = 0
        self.ended = StartFailed("NATS was killed (SIGKILL)", passing=True)

    def launch(self) -> None:
        if self.refuses is not None:
            raise self.refuses
        self.launches += 1
        self.pid = self.launches

    def look(self) -> str | None:
        self.asked += 1
        if self.silent:
            raise NoAnswer("no answer")
        return self.waits_for

    def answer(self) -> None:
        self.look()

    def verdict(self) -> StartFailed:
        return self.ended

    def kill(self) -> None:
        self.pid = None

    def stop(self) -> None:
        self.pid = None


class Scene:
    """A kept part, its clock, and what was said."""

    def __init__(self, threads: ThreadPoolExecutor) -> None:
        self.clock, self.part, self.said = Clock(), FakePart(), list[str]()
        self.kept = Kept(self.part, self.said.append, threads, self.clock)

    def go(self, seconds: float, step: float = 0.5) -> None:
        """Let time go by."""
        end = self.clock.now + seconds
        while self.clock.now < end:
            self.clock.now += step
            self.kept.step()

    def settle(self) -> None:
        """Until the part was found ready."""

        def found() -> bool:
            self.go(0.2, 0.2)
            return self.kept.was_ready

        until(found)


@pytest.fixture
def scene() -> Iterator[Scene]:
    """A part that nobody has started yet."""
    with ThreadPoolExecutor(2) as threads:
        yield Scene(threads)


@pytest.mark.parametrize("refusal", [StartFailed("it recovers", passing=True), OSError(28, "No space left on device")])
def test_f17_what_passes_is_tried_for_ever_and_said_at_growing_intervals(scene: Scene, refusal: StartFailed) -> None:
    """An hour without success is a handful of lines, and the first try that can go well does."""
    scene.part.refuses = refusal
    scene.go(HOUR)
    assert 1 < len(scene.said) < 6
    scene.part.refuses = None
    scene.go(15)
    scene.settle()
    assert scene.said[-1].startswith("NATS runs again after 36")


@pytest.mark.parametrize("refusal", [CannotStart("no binary"), PermissionError(13, "Permission denied")])
def test_f17_what_cannot_pass_ends_it_at_once(scene: Scene, refusal: Exception) -> None:
    """Nothing is tried twice that somebody must mend first."""
    scene.part.refuses = refusal  # type: ignore[assignment]
    with pytest.raises(CannotStart):
        scene.kept.step()


def test_f17_a_predecessor_gets_its_time_and_a_stranger_no_more(scene: Scene) -> None:
    """A port may be held for a while; then it is a stranger's."""
    scene.part.refuses = Occupied("taken")
    scene.go(OCCUPIED_SECONDS - 1)
    with pytest.raises(CannotStart, match="taken"):
        scene.go(30)


def test_f17_a_part_that_ends_by_itself_before_it_was_ever_ready(scene: Scene) -> None:
    """So many times in a row are enough; killed from outside is never enough, nor is any end of one that was ready once."""
    scene.part.ended = StartFailed("NATS ended with exit code 1")

    def end_again_and_again() -> None:
        while scene.part.launches < 100:
            scene.part.pid = None
            scene.go(0.5)

    with pytest.raises(StartFailed, match="exit code 1"):
        end_again_and_again()
    assert scene.part.launches == MOST_ENDS


def test_f17_a_part_that_was_ready_once_is_never_given_up(scene: Scene) -> None:
    """Whatever ends it, it is started again."""
    scene.kept.step()
    scene.settle()
    scene.part.ended = StartFailed("NATS ended with exit code 1")
    for _ in range(200):
        scene.part.pid = None
        scene.go(1)
    assert scene.part.launches > 10


def test_f17_silence_ends_with_a_new_start(scene: Scene) -> None:
    """One that starts may be silent for longer than one that had answered; time in which nobody looked does not count."""
    scene.part.silent = True
    scene.kept.step()
    scene.go(FIRST_ANSWER_SECONDS - 1)
    assert scene.part.launches == 1
    scene.go(3)
    assert scene.part.launches == 2
    assert "NATS has not answered for 120 s and is killed" in scene.said
    scene.part.silent = False
    scene.settle()
    scene.clock.now += HOUR
    scene.go(HANG_SECONDS - 1)
    assert scene.part.launches == 2
