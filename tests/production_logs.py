"""What tools write about a production: logs of ctapipe and lstosa, text logs, HDF5 headers."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from importers.lstosa_names import activity_iri
from lineage.records import utc
from tests import hdf5_files, lstosa_logs
from tests.productions import Activity, Production, Version

_ROLE = "DL1 subrun dataset"
"""lstosa's roles say so where a file is of one subrun, and not of the whole run."""
LOCAL_S = 3600
"""Clocks on the wall are so far ahead of UTC."""


def sources(productions: Iterable[Production], directory: Path) -> list[Path]:
    """Writes the logs of productions, each activity into the file that it names."""
    texts: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for production in productions:
        for one in production.activities:
            if one.style == "nobody":
                continue
            if one.style == "lstosa":
                texts[f"{one.log}.prov.log"].append((one.stop, _lstosa(one)))
            if one.style in ("text", "both"):
                texts[f"{one.log}.log"].append((one.stop, _text(one)))
            if one.style in ("ctapipe", "ctapipe-old", "both"):
                name = f"{one.log}.provenance.log"
                texts[name].append((one.stop, _ctapipe(one, production)))
            if one.dumped_running:
                texts[f"running.{name}"].append((one.stop, _ctapipe(one, production, running=True)))
    found = []
    for name, parts in sorted(texts.items()):
        path = directory / name
        path.write_text("".join(text for _, text in sorted(parts)), encoding="utf-8")
        found.append(path)
    return found


def headers(productions: Iterable[Production], directory: Path) -> list[Path]:
    """Writes the files that are on the shared disk now and have a header."""
    found = []
    for production in productions:
        for (host, place), version in sorted(production.disk.items()):
            if host or version.product is None or not place.endswith(".h5"):
                continue
            path = directory / place.lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            meta = {key: str(value) for key, value in reference(version).items()}
            meta["CTA CONTACT NAME"] = marker(production, version)
            found.append(hdf5_files.written(path, meta))
    return found


def marker(production: Production, version: Version) -> str:
    """What a header says that no other version's does."""
    return f"{production.root}#{version.header}"


def reference(version: Version) -> dict[str, Any]:
    """The reference metadata in a version's header."""
    created = version.created
    assert created is not None
    return {
        "CTA REFERENCE VERSION": "1",
        "CTA PRODUCT ID": version.product,
        "CTA PRODUCT CREATION TIME": created.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3],
        "CTA PRODUCT DATA LEVELS": "DL1_IMAGES",
        "CTA ACTIVITY ID": version.claimed,
        "CTA ACTIVITY NAME": "ctapipe-process",
        "CTA PROCESS ID": "14",
    }


def iri(one: Activity) -> str | None:
    """The activity's identifier in the graph; ``None`` where only its name tells which it is."""
    if one.style == "lstosa":
        return activity_iri(one.digits, one.session, _local(one.start))
    return None if one.style == "text" else f"urn:uuid:{one.uuid}"


def _ctapipe(one: Activity, production: Production, *, running: bool = False) -> str:
    """A provenance log that holds one activity, or what it held before that had stopped."""
    old = one.style == "ctapipe-old"

    def entry(path: str, version: Version | None, *, output: bool) -> Any:
        if old:
            return {"url": path, "role": "some"}
        meta = None
        if version is not None and version.product is not None and version.created is not None:
            meta = reference(version)
        elif not output:
            # ctapipe makes an id up where it finds none
            meta = {"CTA PRODUCT ID": production.uuid(), "CTA ACTIVITY ID": ""}
        return {"url": path, "role": "some", "reference_meta": meta}

    record = {
        "activity_name": one.name,
        "activity_uuid": one.uuid,
        "start": {"time_utc": _milliseconds(one.start)},
        "stop": {"time_utc": _milliseconds(one.stop)},
        "system": {
            "ctapipe_version": "0.11.0" if old else "0.32.0",
            "arguments": list(one.arguments),
            "platform": {"node": one.host},
        },
        "input": [entry(path, version, output=False) for path, version in one.inputs],
        "output": [entry(path, version, output=True) for path, version in one.outputs],
        "status": "completed",
    }
    if running:
        record |= {"stop": {}, "output": [], "status": "running"}
    if one.endless:
        record |= {"stop": {}, "status": "running"}
    return json.dumps([record], indent=3)


def _lstosa(one: Activity) -> str:
    """The lines of one activity in a prov.log; its times are local."""
    start, stop = (_local(time).isoformat() for time in (one.start, one.stop))
    tag = f"{one.name}:{one.session[-5:]}"
    system = {"platform": {"node": one.host}}
    said = {"session_tag": tag}
    lines = [
        lstosa_logs.line(
            session_id=one.session,
            name=one.session[-5:],
            startTime=start,
            system=system,
            observation_date="20260101",
            **said,
        ),
        lstosa_logs.start(
            one.digits, name=one.name, startTime=start, in_session=one.session, **said
        ),
    ]
    for path, _ in one.inputs:
        lines += [
            lstosa_logs.entity(path, **said),
            lstosa_logs.used(path, one.digits, used_role=_ROLE, **said),
        ]
    for path, _ in one.outputs:
        lines += [
            lstosa_logs.entity(path, **said),
            lstosa_logs.generated(path, one.digits, generated_role=_ROLE, **said),
        ]
    return "".join([*lines, lstosa_logs.end(one.digits, stop, **said)])


def _text(one: Activity) -> str:
    """The lines of one run in a text log; its times are local."""
    start, stop = _local(one.start), _local(one.stop)
    lines = [(start, "INFO", f"ctapipe.{one.name}", "tool.initialize", "ctapipe version 0.32.0")]
    about = "ctapipe.core.provenance"
    for what, files in (("input", one.inputs), ("output", one.outputs)):
        place = f"provenance.add_{what}_file"
        for path, _ in files:
            said = f"added {what} entity '{path}' to activity: '{one.name}'"
            lines.append((start if what == "input" else stop, "DEBUG", about, place, said))
    over = f"finished activity: {one.name}"
    lines.append((stop, "DEBUG", about, "provenance.finish_activity", over))
    lines.append((stop, "INFO", f"ctapipe.{one.name}", "tool.run", f"Finished {one.name}"))
    return "".join(
        f"{time.strftime('%Y-%m-%d %H:%M:%S')},{time.microsecond // 1000:03} {level} [{logger}] "
        f"({place}): {text}\n"
        for time, level, logger, place, text in lines
    )


def _local(time: datetime) -> datetime:
    return (utc(time) + timedelta(seconds=LOCAL_S)).replace(tzinfo=None)


def _milliseconds(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
