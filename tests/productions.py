"""Productions as they really happen, on a simulated disk, so that the truth is known.

Tools read when they start and write when they stop; people move and copy files, and no record says
so. What each record of a tool really meant, and which version replaced which, is written down here
and nowhere in what the importers see. production_logs.py writes that.
"""

from __future__ import annotations

import posixpath
import random
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

LOCAL = ("/tmp", "/scratch")
T0 = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(eq=False, slots=True)
class Version:
    """A content that a file had."""

    number: int
    product: str | None = None
    """The id in its header."""
    claimed: str | None = None
    """The activity that its header names: not always the maker."""
    created: datetime | None = None
    """By the clock of its maker's host."""
    header: int = 0
    """Number of the version whose header it has."""


@dataclass(eq=False, slots=True)
class Activity:
    """One run of a tool."""

    name: str
    uuid: str
    style: str
    """Who records it: ``ctapipe``, ``ctapipe-old`` (no product ids), ``lstosa``, ``text``, ``both``
    (ctapipe and text) or ``nobody``."""
    host: str
    start: datetime
    stop: datetime
    log: str
    """Name of the file that tells of it."""
    inputs: list[tuple[str, Version | None]] = field(default_factory=list)
    """As recorded, and what was really read."""
    outputs: list[tuple[str, Version | None]] = field(default_factory=list)
    arguments: tuple[str, ...] = ()
    digits: str = "abcdef"
    session: str = "2026010101807"
    dumped_running: bool = False
    """Another log has it too, as it was while it ran."""
    endless: bool = False
    """Its record tells no stop."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """A version was overwritten by another, where a tool's record tells of that."""

    place: tuple[str, str]
    before: Version
    after: Version


Action = tuple[float, int, Callable[[], None]]


class Production:
    """What happened, in the order of a clock that nobody has."""

    def __init__(self, seed: int, root: str, *, skew_s: dict[str, float] | None = None) -> None:
        """Nothing happened yet.

        Args:
            seed: Of all that is random.
            root: Directory of its shared files.
            skew_s: Host -> how far its clock is ahead of the true one.
        """
        self.random = random.Random(f"{seed} {root}")
        self.root = root
        self.activities: list[Activity] = []
        self.replaced: list[Replaced] = []
        self.silently: set[tuple[tuple[str, str], Version]] = set()
        """What somebody moved away, or copied over, and no record says so."""
        self.disk: dict[tuple[str, str], Version] = {}
        self.links: dict[str, str] = {}
        """Symbolic links."""
        self.begin = T0 + timedelta(milliseconds=self.random.randrange(300 * 86_400_000))
        self._skew_s = skew_s or {}
        self._actions: list[Action] = []
        self._gone: set[tuple[str, str]] = set()
        self._versions = 0

    def version(self, product: str | None = None) -> Version:
        """A new content."""
        self._versions += 1
        return Version(self._versions, product, header=self._versions)

    def uuid(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def run(
        self,
        begin_s: float,
        end_s: float,
        reads: Iterable[str] = (),
        writes: Iterable[str] = (),
        *,
        style: str = "ctapipe",
        host: str = "n1",
        log: str = "a",
        name: str | None = None,
        append: bool = False,
        keeps_id: bool = False,
        same_id: str | None = None,
        claims: str | None = None,
        lists: Iterable[str] = (),
        digits: str | None = None,
        session: str = "2026010101807",
        dumped_running: bool = False,
        endless: bool = False,
    ) -> Activity:
        """A tool runs.

        Args:
            begin_s: Seconds after `Production.begin`, by the true clock.
            end_s: The same.
            reads: Paths that it records as inputs.
            writes: Paths that it writes, and records as outputs.
            style: As `Activity.style`.
            host: Where it runs.
            log: Name of the file that tells of it.
            name: Of the tool; one of its own by default, so that a test can find it.
            append: It changes its outputs in place, without listing them as inputs.
            keeps_id: What it writes has the product id that was there.
            same_id: What it writes has this product id.
            claims: The activity that the header of its output names; its own by default.
            lists: Outputs of others that it lists as its own.
            digits: lstosa's activity id.
            session: lstosa's session.
            dumped_running: As in `Activity`.
            endless: As in `Activity`.
        """
        skew = timedelta(seconds=self._skew_s.get(host, 0))
        start, stop = (self.begin + timedelta(seconds=time) + skew for time in (begin_s, end_s))
        own = self.uuid()
        arguments = ("tool", "--append") if append else ("tool",)
        name = name or f"tool-{self.root.strip('/').replace('/', '-')}-{len(self.activities)}"
        digits = digits or f"{self.random.getrandbits(24):06x}"
        one = Activity(
            name,
            own,
            style,
            host,
            start,
            stop,
            log,
            [],
            [],
            arguments,
            digits,
            session,
            dumped_running,
            endless,
        )
        self.activities.append(one)

        def read() -> None:
            there = [path for path in reads if self.place(path, host) not in self._gone]
            one.inputs += [(path, self.read(path, host)) for path in there]

        def write() -> None:
            for path in writes:
                made = self.version()
                known = self.disk.get(self.place(path, host))
                if same_id is not None:
                    made.product = same_id
                elif keeps_id and known is not None:
                    made.product, made.header = known.product, known.header
                    made.created, made.claimed = known.created, known.claimed
                elif style in ("ctapipe", "both"):
                    made.product = self.uuid()
                made.claimed = made.claimed or claims or own
                made.created = made.created or stop - timedelta(seconds=0.2 * (end_s - begin_s))
                self.write(path, host, made, recorded=style != "nobody")
                one.outputs.append((path, made))
            one.outputs.extend((path, self.read(path, host)) for path in lists)

        self._at(begin_s, read)
        self._at(end_s, write)
        return one

    def place(self, path: str, host: str) -> tuple[str, str]:
        """Where a path is: on a host, or on what all of them share."""
        path = posixpath.normpath(path)
        for link, target in self.links.items():
            if path.startswith(link):
                path = target + path.removeprefix(link)
        local = any(path.startswith(f"{prefix}/") for prefix in LOCAL)
        return (host if local else "", path)

    def read(self, path: str, host: str) -> Version:
        """What is at a path; something that nobody records where nothing is known."""
        if not path.startswith("/"):
            return self.version()  # whichever directory the tool was in
        return self.disk.setdefault(self.place(path, host), self.version())

    def write(self, path: str, host: str, made: Version, *, recorded: bool) -> None:
        """A file is written, over what was there."""
        place = self.place(path, host)
        before = self.disk.get(place)
        if before is not None and before is not made and recorded:
            self.replaced.append(Replaced(place, before, made))
        elif before is not None and before is not made:
            self.silently.add((place, before))
        self.disk[place] = made
        self._gone.discard(place)

    def _remove(self, path: str, host: str) -> None:
        place = self.place(path, host)
        self.silently.add((place, self.disk.pop(place)))
        self._gone.add(place)

    def copy(
        self, time_s: float, path: str, to: str, *, host: str = "n1", only_named: bool = False
    ) -> None:
        """Somebody copies a file, and no record says so; ``only_named``: if it has a product id."""
        self._carry(time_s, path, to, host, only_named, keep=True)

    def move(
        self, time_s: float, path: str, to: str, *, host: str = "n1", only_named: bool = False
    ) -> None:
        """Somebody moves a file, as `copy`."""
        self._carry(time_s, path, to, host, only_named, keep=False)

    def _carry(
        self, time_s: float, path: str, to: str, host: str, only_named: bool, *, keep: bool
    ) -> None:
        def act() -> None:
            known = self.disk.get(self.place(path, host))
            if known is not None and (known.product is not None or not only_named):
                self.write(to, host, known, recorded=False)
                if not keep:
                    self._remove(path, host)

        self._at(time_s, act)

    def _at(self, time_s: float, act: Callable[[], None]) -> None:
        self._actions.append((time_s, len(self._actions), act))

    def play(self) -> Production:
        """Lets it all happen."""
        for _, _, act in sorted(self._actions, key=lambda one: one[:2]):
            act()
        self._actions.clear()
        return self
