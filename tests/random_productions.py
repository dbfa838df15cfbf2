"""Whole productions at random: tools, hosts, overwrites, moves, copies, appends, all recorders."""

from __future__ import annotations

from tests.productions import Production

_HOSTS = ("n1", "n2", "fast")
_STYLES = {
    "named": ("ctapipe",),
    "blind": ("ctapipe-old",),
    "local": ("lstosa",),
    "mixed": ("ctapipe", "ctapipe-old", "lstosa", "text", "both"),
    "clocks": ("ctapipe", "ctapipe-old", "lstosa", "text", "both"),
    "all": ("ctapipe", "ctapipe-old", "lstosa", "text", "both"),
}


def whole(seed: int, root: str, recorders: str = "all") -> Production:
    """A production of some tools on a few files, side by side and one after another.

    Args:
        seed: Of all that is random.
        root: Directory of its shared files.
        recorders: ``named`` (every record names products), ``blind`` (none does, UTC), ``local``
            (none does, local times), ``mixed``, ``clocks`` (also, on hosts whose clocks are wrong
            by up to a minute) or ``all``. Nobody moves or copies files silently where a
            reader would not see the product id, but with ``all``.
    """
    skew_s = {"fast": 0.4 if recorders != "all" else 30}
    if recorders == "clocks":
        skew_s = {"fast": 45.0, "n2": -50.0}
    p = Production(seed, root, skew_s=skew_s)
    some = p.random
    paths = [f"{root}/{name}" for name in ("a.h5", "b.h5", "c.h5", "sub/a.h5")]
    paths += [f"/scratch{root}/a.h5", f"/tmp{root}/b.h5"]
    time = 0
    for _ in range(some.randint(4, 14)):
        time += some.choice((0, 5, 60, 61, 400))
        duration = some.choice((0, 7, 50, 120))
        style = some.choice(_STYLES[recorders])
        host = some.choice(_HOSTS[:2] if recorders in ("blind", "local") else _HOSTS)
        reads = some.sample(paths, some.randint(0, 2))
        append = style in ("ctapipe", "ctapipe-old") and some.random() < 0.15
        writes = [] if append and not reads else some.sample(paths, some.randint(0, 2))
        p.run(
            time,
            time + duration,
            reads,
            writes,
            style=style,
            host=host,
            log=some.choice("abcd"),
            name="r0_to_dl1" if style == "lstosa" else None,
            append=append,
            dumped_running=style == "ctapipe" and some.random() < 0.2,
        )
        if recorders in ("named", "all") and some.random() < 0.3:
            act = some.choice((p.move, p.copy))
            known = recorders == "named"
            act(time + some.choice((1, 200)), *some.sample(paths[:4], 2), only_named=known)
    return p.play()
