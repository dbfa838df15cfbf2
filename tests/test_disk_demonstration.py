"""What a look at the demonstration's files finds."""

from __future__ import annotations

import hashlib
from pathlib import Path

from lineage import queries
from lineage import vocabulary as v
from lineage.disk import look_at_files
from lineage.disk_facts import State
from lineage.session import import_paths
from lineage.settings import load_settings
from lineage.stores.memory import MemoryStore

DEMO = Path(__file__).parent.parent / "demo"


def test_the_demonstration_lies_where_its_settings_say() -> None:
    """Every file that the demonstration ships is present, with the digest of its bytes."""
    settings = load_settings(DEMO / "settings.toml")
    store = MemoryStore()
    import_paths(store, [DEMO / "work32"], settings)
    before = queries.digest(store)
    report = look_at_files(store, settings.roots, hashed=True)
    shown = {one.path: one for one in report.files if one.state is State.PRESENT}
    merged = shown["/srv/cta/work32/dl2/merged.dl2.h5"]

    assert queries.digest(store) == before
    assert report.count(State.OVERWRITTEN) == 4
    assert report.count(None) == 0
    assert merged.value(v.FILE_MEDIA_TYPE) == "application/x-hdf5"
    for path, one in shown.items():
        local = DEMO / path.removeprefix("/srv/cta/")
        assert one.value(v.FILE_SHA256) == hashlib.sha256(local.read_bytes()).hexdigest()
