"""Kinds of small productions in which identity can go wrong: each a few tools and a few files."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from tests.productions import Production

TOLERANCE_S = 120.0
"""How far the clocks of planted hosts may disagree."""

Kind = Callable[[Production], None]
UTC_STYLES = ("ctapipe", "ctapipe-old", "both")
BLIND = ("ctapipe-old", "lstosa", "text")
"""Recorders that know no product ids."""


def _log(p: Production) -> str:
    return p.random.choice("abcdefgh")


def chain(p: Production) -> None:
    """Three tools, one after another, each reading what the one before wrote."""
    styles = p.random.choice((UTC_STYLES, ("lstosa",)))
    before = f"{p.root}/raw.simtel"
    for step in range(3):
        path = f"{p.root}/step{step}.h5"
        style = p.random.choice(styles)
        name = "r0_to_dl1" if style == "lstosa" else None
        p.run(step * 500, step * 500 + 90, [before], [path], style=style, log=_log(p), name=name)
        before = path


def overwrite(p: Production) -> None:
    """A path is written up to four times, and read after each time."""
    path, styles = f"{p.root}/x.h5", p.random.choice((UTC_STYLES, ("lstosa",), ("text",)))
    for round_ in range(p.random.randint(2, 4)):
        begin, write, read = round_ * 1000, p.random.choice(styles), p.random.choice(styles)
        p.run(begin, begin + 60, [], [path], style=write, log=_log(p))
        p.run(begin + 400, begin + 460, [path], [], style=read, log=_log(p))


def moved(p: Production) -> None:
    """A file is moved, and its old path overwritten."""
    style = p.random.choice(("ctapipe", "ctapipe-old"))
    p.run(0, 60, [], [f"{p.root}/x.h5"], log=_log(p))
    p.move(100, f"{p.root}/x.h5", f"{p.root}/y.h5")
    p.run(300, 360, [], [f"{p.root}/x.h5"], log=_log(p))
    p.run(600, 660, [f"{p.root}/x.h5"], [], log=_log(p), style=style)
    p.run(700, 760, [f"{p.root}/y.h5"], [], log=_log(p), style=p.random.choice(UTC_STYLES))
    p.run(900, 960, [f"{p.root}/y.h5"], [], log=_log(p), style=style)


def copied(p: Production) -> None:
    """A file is copied, the original overwritten, then perhaps the copy."""
    p.run(0, 60, [], [f"{p.root}/x.h5"], log=_log(p))
    p.copy(100, f"{p.root}/x.h5", f"{p.root}/y.h5")
    p.run(300, 360, [], [f"{p.root}/x.h5"], log=_log(p))
    for path in ("x.h5", "y.h5"):
        p.run(600, 660, [f"{p.root}/{path}"], [], log=_log(p), style=p.random.choice(UTC_STYLES))
    if p.random.random() < 0.5:
        p.run(800, 860, [f"{p.root}/x.h5"], [f"{p.root}/y.h5"], log=_log(p))


def copied_over(p: Production) -> None:
    """A file is copied over another, which nobody records."""
    p.run(0, 60, [], [f"{p.root}/x.h5"], log=_log(p))
    p.run(200, 260, [], [f"{p.root}/y.h5"], log=_log(p), style=p.random.choice(UTC_STYLES))
    p.run(400, 460, [f"{p.root}/y.h5"], [], log=_log(p), style=p.random.choice(UTC_STYLES))
    p.copy(500, f"{p.root}/x.h5", f"{p.root}/y.h5")
    for time in (600, 800):
        read = p.random.choice(UTC_STYLES)
        p.run(time, time + 60, [f"{p.root}/y.h5"], [], log=_log(p), style=read)
    # one that says which product it found there
    p.run(1000, 1060, [f"{p.root}/y.h5"], [], log=_log(p))


def put_back(p: Production) -> None:
    """A file is overwritten, and then restored from a copy."""
    path = f"{p.root}/x.h5"
    p.run(0, 60, [], [path], log=_log(p))
    p.copy(100, path, f"{p.root}/x.bak")
    p.run(300, 360, [path], [path], log=_log(p))
    p.run(400, 460, [path], [], log=_log(p), style=p.random.choice(UTC_STYLES))
    p.copy(500, f"{p.root}/x.bak", path)
    p.run(600, 660, [path], [], log=_log(p))
    p.run(800, 860, [path], [], log=_log(p), style=p.random.choice(UTC_STYLES))


def appended(p: Production) -> None:
    """ctapipe-merge appends to its own output three times, and others read it in between."""
    path, style = f"{p.root}/m.h5", p.random.choice(("ctapipe", "ctapipe-old"))
    p.run(0, 60, [f"{p.root}/in0.h5"], [path], log=_log(p), style=style)
    for n in (1, 2, 3):
        reads = [f"{p.root}/in{n}.h5"]
        p.run(n * 300, n * 300 + 60, reads, [path], log=_log(p), style=style, append=True)
        p.run(n * 300 + 100, n * 300 + 160, [path], [], log=_log(p), style=style)


def in_place(p: Production) -> None:
    """lstosa's dl1ab reads and writes one path."""
    path = f"{p.root}/dl1_LST-1.Run01807.0000.h5"
    session = f"20260101{p.random.randrange(10**5):05}"
    log = _log(p)
    lstosa = {"style": "lstosa", "log": log, "session": session}
    p.run(0, 60, [f"{p.root}/r0.fits.fz"], [path], name="r0_to_dl1", **lstosa)  # type: ignore[arg-type]
    for n in range(1, p.random.randint(2, 4)):
        p.run(n * 200, n * 200 + 60, [path], [path], name="dl1ab", **lstosa)  # type: ignore[arg-type]
    p.run(900, 960, [path], [f"{p.root}/dl2.h5"], name="dl1_to_dl2", **lstosa)  # type: ignore[arg-type]


def two_hosts(p: Production) -> None:
    """Two hosts have a file of one name on disks of their own; the shared one is one file."""
    path = p.random.choice(("/scratch", "/tmp")) + f"{p.root}/x.h5"
    style = p.random.choice(("ctapipe", "ctapipe-old", "lstosa"))
    for n, host in enumerate(("n1", "n2")):
        p.run(n * 10, n * 10 + 60, [], [path], host=host, style=style, log=_log(p))
        p.run(300 + n, 360, [path], [f"{p.root}/{host}.h5"], host=host, style=style, log=_log(p))
    p.run(700, 760, [f"{p.root}/n1.h5", f"{p.root}/n2.h5"], [], host="n3", style=style, log=_log(p))


def skewed(p: Production) -> None:
    """Clocks of hosts disagree, and a path is overwritten and read on different ones."""
    path, time = f"{p.root}/x.h5", 0
    styles = ("ctapipe-old",) if p.random.random() < 0.7 else UTC_STYLES
    for _ in range(p.random.randint(2, 5)):
        reads, writes = ([], [path]) if p.random.random() < 0.5 else ([path], [])
        host, style = p.random.choice(("slow", "n1", "fast")), p.random.choice(styles)
        p.run(time, time + 10, reads, writes, host=host, style=style, log=_log(p))
        time += p.random.choice((11, 40, 90, 300))


def same_instant(p: Production) -> None:
    """Two tools end at the same instant, having written one path; somebody reads it."""
    style = p.random.choice(("ctapipe-old", "lstosa", "ctapipe"))
    for begin in (0, p.random.choice((0, 10))):
        p.run(begin, 60, [], [f"{p.root}/x.h5"], style=style, log=_log(p))
    p.run(200, 260, [f"{p.root}/x.h5"], [], style=p.random.choice((style, "ctapipe-old")))
    if style == "lstosa":
        p.activities[-1].style = "lstosa"


def used_first(p: Production) -> None:
    """A file was there before the first tool of which a record is known wrote it."""
    path, style = f"{p.root}/x.h5", p.random.choice(("ctapipe-old", "lstosa", "text"))
    p.run(0, 60, [path], [], style=style, log=_log(p))
    p.run(30, 90, [path], [], style=style, log=_log(p))
    p.run(300, 360, [], [path], style=style, log=_log(p))
    p.run(500, 560, [path], [], style=style, log=_log(p))


def relative(p: Production) -> None:
    """Text logs name files as they were typed, in directories that nobody knows."""
    for n in range(3):
        reads = [f"out{n % 2}.h5", f"{p.root}/shared.simtel"]
        p.run(n * 300, n * 300 + 60, reads, [], style="text", log=_log(p))


def linked(p: Production) -> None:
    """A directory has two names."""
    p.links[f"{p.root}/pro"] = f"{p.root}/v1"
    p.run(0, 60, [], [f"{p.root}/v1/x.h5"], log=_log(p))
    p.run(200, 260, [f"{p.root}/pro/x.h5"], [], log=_log(p))
    p.run(300, 360, [f"{p.root}/v1/x.h5"], [], log=_log(p), style=p.random.choice(UTC_STYLES))
    p.run(500, 560, [f"{p.root}/v1/x.h5"], [f"{p.root}/v1/x.h5"], log=_log(p))
    p.run(700, 760, [f"{p.root}/pro/x.h5"], [], log=_log(p))


def local_times(p: Production) -> None:
    """lstosa and text logs tell local time, ctapipe UTC: they cannot be compared."""
    path = f"{p.root}/x.h5"
    one, other = p.random.sample(("lstosa", "ctapipe-old", "text"), 2)
    p.run(0, 60, [], [path], style=one, log=_log(p))
    p.run(p.random.choice((300, 4000)), 4100, [path], [], style=other, log=_log(p))
    p.run(5000, 5060, [], [path], style=other, log=_log(p))
    p.run(9000, 9060, [path], [], style=one, log=_log(p))


def invented(p: Production) -> None:
    """ctapipe makes up a product id each time that it reads a file without header."""
    path = f"{p.root}/raw.simtel"
    for n in range(3):
        p.run(n * 100, n * 100 + 60, [path], [f"{p.root}/{n}.h5"], log=_log(p))
    p.run(500, 560, [], [f"{p.root}/y.h5"], style="ctapipe-old", log=_log(p))
    p.run(700, 760, [f"{p.root}/y.h5"], [], log=_log(p))


def claimed(p: Production) -> None:
    """A header names the maker of the file's predecessor, as after ctapipe-apply-models."""
    style = p.random.choice(("ctapipe", "ctapipe-old"))
    path = p.random.choice((f"{p.root}/dl1.h5", f"{p.root}/dl2.h5"))
    first = p.run(0, 60, [], [f"{p.root}/dl1.h5"], log=_log(p), style=style, same_id=p.uuid())
    p.run(100, 160, [f"{p.root}/dl1.h5"], [], log=_log(p), style=style)
    p.run(
        300,
        360,
        [f"{p.root}/dl1.h5"],
        [path],
        log=_log(p),
        style=style,
        claims=first.uuid,
        same_id=p.uuid(),
    )
    p.run(600, 660, [path], [], log=_log(p), style=style)


def failed(p: Production) -> None:
    """A merge fails and leaves a file that names its first input's maker; the next one works."""
    first = p.run(0, 60, [], [f"{p.root}/a.h5"], log=_log(p))
    p.run(100, 160, [f"{p.root}/a.h5"], [f"{p.root}/m.h5"], log=_log(p), claims=first.uuid)
    p.run(300, 360, [f"{p.root}/a.h5"], [f"{p.root}/m.h5"], log=_log(p))
    p.run(500, 560, [f"{p.root}/m.h5"], [], log=_log(p), style=p.random.choice(UTC_STYLES))


def cloned_id(p: Production) -> None:
    """Two activities claim one product id for different files."""
    product, host = p.uuid(), p.random.choice(("n1", "n2"))
    p.run(0, 60, [], [f"{p.root}/a.h5"], log=_log(p), same_id=product)
    begin = p.random.choice((10, 100))
    p.run(begin, 160, [], [f"{p.root}/b.h5"], log=_log(p), same_id=product, host=host)
    for path in ("a.h5", "b.h5"):
        p.run(500, 560, [f"{p.root}/{path}"], [], log=_log(p))


def kept_id(p: Production) -> None:
    """A tool changes a file in place and leaves the product id that was in it."""
    path = f"{p.root}/x.h5"
    p.run(0, 60, [], [path], log=_log(p))
    p.run(150, 160, [path], [], log=_log(p))
    style = p.random.choice(("ctapipe", "ctapipe-old", "lstosa"))
    p.run(300, 360, [path], [path], log=_log(p), keeps_id=True, style=style)
    p.run(7200 * 10, 7200 * 10 + 60, [path], [], log=_log(p))


def listed(p: Production) -> None:
    """A script lists among its outputs the file that a tool in it wrote."""
    path, style = f"{p.root}/x.h5", p.random.choice(("ctapipe", "ctapipe-old"))
    p.run(100, 160, [], [path], log=_log(p), style=style)
    p.run(0, 500, [], [], log=_log(p), style=style, lists=[path])
    p.run(300, 360, [path], [], log=_log(p), style=style)
    p.run(700, 760, [path], [], log=_log(p), style=style)


def collisions(p: Production) -> None:
    """Activities of lstosa have one 6-hex id, in one session or in two."""
    session = f"20260102{p.random.randrange(10**5):05}"
    other = p.random.choice((session, f"20260103{p.random.randrange(10**5):05}"))
    log, digits = _log(p), f"{p.random.getrandbits(24):06x}"
    for n, one in enumerate((session, other, session)):
        path = f"{p.root}/{n}.fits"
        reads = [f"{p.root}/{n - 1}.fits"] if n else []
        p.run(
            n * 100,
            n * 100 + 60,
            reads,
            [path, f"{p.root}/log.h5"],
            style="lstosa",
            name="r0_to_dl1",
            log=p.random.choice((log, _log(p))),
            digits=digits,
            session=one,
        )
    p.run(500, 560, [f"{p.root}/log.h5"], [], style="lstosa", name="dl1ab", digits=digits)


def redumped(p: Production) -> None:
    """An activity is in two logs: as it was while it ran, and when it was complete."""
    path = f"{p.root}/x.h5"
    p.run(0, 600, [f"{p.root}/in.h5"], [path], log=_log(p), dumped_running=True)
    p.run(700, 760, [path], [path], log=_log(p), dumped_running=True)
    p.run(800, 860, [path], [], log=_log(p), style=p.random.choice(UTC_STYLES))


def moved_onto(p: Production) -> None:
    """A file of which no log tells is moved onto a path that others wrote and read."""
    path, style = f"{p.root}/a.h5", p.random.choice(("ctapipe-old", "ctapipe"))
    p.run(0, 60, [], [path], log=_log(p), style=style)
    p.run(100, 160, [], [f"{p.root}/old.h5"], style="nobody", same_id=p.uuid())
    p.run(300, 360, [path], [], log=_log(p), style="ctapipe-old")
    if p.random.random() < 0.5:
        p.run(400, 460, [path], [path], log=_log(p), style=style)
    p.move(600, f"{p.root}/old.h5", path)
    p.run(700, 760, [path], [], log=_log(p), style="ctapipe-old")


def endless(p: Production) -> None:
    """A record says that a tool began to write, and never that it was over; another wrote too."""
    path, styles = f"{p.root}/x.h5", ("ctapipe", "ctapipe-old")
    end = p.random.choice((60, 500))
    p.run(0, end, [], [path], log=_log(p), style="ctapipe-old", endless=True)
    p.run(200, 260, [], [path], log=_log(p), style=p.random.choice(styles))
    p.run(700, 760, [path], [], log=_log(p), style="ctapipe-old")


def copied_changed(p: Production) -> None:
    """A tool without product ids changes a file in place, before or after that is copied."""
    path, blind = f"{p.root}/x.h5", p.random.choice(BLIND[:2])
    p.run(0, 60, [], [path], log=_log(p))
    p.copy(p.random.choice((100, 500)), path, f"{p.root}/y.h5")
    name = "dl1ab" if blind == "lstosa" else None
    p.run(200, 260, [path], [path], log=_log(p), style=blind, keeps_id=True, name=name)
    p.run(700, 760, [f"{p.root}/y.h5"], [], log=_log(p))


def over_a_link(p: Production) -> None:
    """A directory has two names, or its file was copied; overwritten, it is read by the other."""
    if p.random.random() < 0.5:
        p.links[f"{p.root}/pro"] = f"{p.root}/v1"
    else:
        p.copy(100, f"{p.root}/v1/x.h5", f"{p.root}/pro/x.h5")
    p.run(0, 60, [], [f"{p.root}/v1/x.h5"], log=_log(p))
    p.run(200, 260, [f"{p.root}/pro/x.h5"], [], log=_log(p))
    p.run(300, 360, [], [f"{p.root}/v1/x.h5"], log=_log(p), style=p.random.choice(UTC_STYLES))
    p.run(500, 560, [f"{p.root}/pro/x.h5"], [], log=_log(p), style="ctapipe-old")


def strange_paths(p: Production) -> None:
    """Paths that look alike and are others, and others that mean the same."""
    nfc = unicodedata.normalize("NFC", "é")
    names = ["x.h5", "X.h5", f"{nfc}.h5", unicodedata.normalize("NFD", f"{nfc}.h5"), "x.h5 ", "a#b"]
    for name in names:
        p.run(0, 60, [], [f"{p.root}/{name}"], log=_log(p), style="ctapipe-old")
    for n, name in enumerate(names):
        written = p.random.choice((f"{p.root}/{name}", f"{p.root}//d/../{name}"))
        p.run(100 + n, 160 + n, [written], [], log=_log(p), style="ctapipe-old")


def told_twice(p: Production) -> None:
    """A text log and a provenance log tell of the same activities."""
    path = f"{p.root}/x.h5"
    p.run(0, 60, [f"{p.root}/in.simtel"], [path], log=_log(p), style="both")
    p.run(200, 260, [path], [f"{p.root}/y.h5"], log=_log(p), style="both")
    p.run(400, 460, [f"{p.root}/in.simtel"], [path], log=_log(p), style="both")
    p.run(600, 660, [path], [f"{p.root}/z.h5"], log=_log(p), style="both")


KINDS: tuple[Kind, ...] = (
    chain,
    overwrite,
    moved,
    copied,
    copied_over,
    put_back,
    appended,
    in_place,
    two_hosts,
    skewed,
    same_instant,
    used_first,
    relative,
    linked,
    local_times,
    invented,
    claimed,
    failed,
    cloned_id,
    kept_id,
    listed,
    collisions,
    redumped,
    moved_onto,
    endless,
    copied_changed,
    over_a_link,
    strange_paths,
    told_twice,
)


def planted(kind: Kind, seed: int) -> Production:
    """One case of a kind."""
    skew_s = {"slow": -50.0, "fast": 45.0}
    made = Production(seed, f"/cta/{kind.__name__}/{seed}", skew_s=skew_s)
    kind(made)
    return made.play()
