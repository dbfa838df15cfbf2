"""Whose a path is: hosts, their clocks, and the settings that say so, from a settings file."""

from __future__ import annotations

from pathlib import Path

import pytest

from importers.recorded_paths import absolute_path, host_of
from lineage import vocabulary as v
from lineage.check import check
from lineage.errors import LineageError
from lineage.records import Relation
from lineage.session import import_paths
from lineage.settings import Settings, load_settings
from lineage.stores.memory import MemoryStore
from lineage.vocabulary import RelationKind
from tests import production_logs
from tests.productions import Production


def settings(directory: Path, text: str) -> Settings:
    path = directory / "settings.toml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path)


def two_hosts(path: str, style: str = "ctapipe-old") -> Production:
    """Each of two hosts writes a file of this name and reads it."""
    made = Production(1, "/shared")
    for n, host in enumerate(("n1", "n2")):
        made.run(n * 10, n * 10 + 5, [], [path], host=host, style=style, log=host)
        made.run(100 + n, 110 + n, [path], [], host=host, style=style, log=host)
    return made.play()


def imported(made: Production, directory: Path, chosen: Settings) -> MemoryStore:
    store, logs = MemoryStore(), directory / "logs"
    logs.mkdir(exist_ok=True)
    production_logs.sources([made], logs)
    import_paths(store, [logs], chosen)
    return store


def read(store: MemoryStore) -> dict[str, str]:
    """Activity -> the version that it used."""
    return {
        str(one.subject): str(one.object)
        for one in store.records()
        if isinstance(one, Relation)
        and one.kind is RelationKind.USAGE
        and one.values(v.RECORDED_PATH)
    }


def found(store: MemoryStore, chosen: Settings) -> dict[str, str]:
    """Kind of finding -> what it says."""
    return {one.kind.word: one.message for one in check(store, chosen.identity).findings}


def test_a_local_prefix_keeps_the_files_of_hosts_apart(tmp_path: Path) -> None:
    """Each host's tool read what that host had written."""
    chosen = settings(tmp_path, '[identity]\nlocal_prefixes = ["/data/local"]')
    made = two_hosts("/data/local/x.h5")
    store = imported(made, tmp_path, chosen)
    used = read(store)

    for writer, reader in (made.activities[:2], made.activities[2:]):
        version = used[f"urn:uuid:{reader.uuid}"]
        assert version == f"file://{writer.host}/data/local/x.h5#{writer.uuid}"
    assert "shared-path" not in found(store, chosen)


def test_without_it_the_path_is_taken_for_one_file_and_reported(tmp_path: Path) -> None:
    """A shared path that two hosts wrote is a finding, which names the settings."""
    chosen = settings(tmp_path, '[identity]\nlocal_prefixes = ["/tmp"]')
    made = two_hosts("/data/local/x.h5")
    store = imported(made, tmp_path, chosen)

    assert len(set(read(store).values())) == 1
    assert "local_prefixes" in found(store, chosen)["shared-path"]
    assert "realms" in found(store, chosen)["shared-path"]


def test_a_declared_realm_beats_local_prefixes(tmp_path: Path) -> None:
    """What all hosts share below a local prefix is one file."""
    chosen = settings(
        tmp_path,
        '[identity]\nlocal_prefixes = ["/scratch"]\n'
        '[[identity.realms]]\nprefix = "/scratch/shared"\nhost = ""',
    )
    store = imported(two_hosts("/scratch/shared/x.h5"), tmp_path, chosen)

    assert all(one.startswith("file:///scratch/shared/x.h5#") for one in read(store).values())


def test_where_no_host_is_told_a_local_path_is_the_activity_s_own(tmp_path: Path) -> None:
    """Text logs name no host: their files in /tmp are not taken for one, and that is reported."""
    made = two_hosts("/tmp/x.h5", "text")
    store = imported(made, tmp_path, Settings())

    assert all("//unknown-" in one and "#" not in one for one in read(store).values())
    assert "realms" in found(store, Settings())["unknown-host"]


def test_a_realm_tells_whose_the_paths_of_text_logs_are(tmp_path: Path) -> None:
    """Then they chain again."""
    text = '[[identity.realms]]\nprefix = "/tmp"\nhost = "kay.local"'
    chosen = settings(tmp_path, text)
    store = imported(two_hosts("/tmp/x.h5", "text"), tmp_path, chosen)

    assert all(one.startswith("file://kay.local/tmp/x.h5#") for one in read(store).values())


def test_clocks_are_as_good_as_the_setting_says(tmp_path: Path) -> None:
    """What another host wrote within the tolerance may have come before or after."""
    made = Production(2, "/shared")
    for time, host in ((0, "n1"), (100, "n2")):
        made.run(time, time + 5, [], ["/shared/x.h5"], host=host, style="ctapipe-old")
    made.run(110, 115, ["/shared/x.h5"], [], host="n3", style="ctapipe-old")
    made.play()
    exact = imported(made, tmp_path, settings(tmp_path, "[identity]\nclock_tolerance_s = 0"))
    vague = settings(tmp_path, "[identity]\nclock_tolerance_s = 30")
    unclear = imported(made, tmp_path, vague)

    assert list(read(exact).values()) == [f"file:///shared/x.h5#{made.activities[1].uuid}"]
    assert list(read(unclear).values()) == [f"file:///shared/x.h5#used:{made.activities[2].uuid}"]
    assert "ambiguous-use" in found(unclear, vague)


@pytest.mark.parametrize(
    "text",
    [
        "clock_tolerance_s = -1",
        'clock_tolerance_s = "1"',
        "clock_tolerance_s = true",
        'realms = [{prefix = "x", host = ""}]',
        'realms = [{prefix = "/x"}]',
        'realms = [{prefix = "/x", host = "", more = 1}]',
    ],
)
def test_settings_that_say_nothing_are_refused(text: str, tmp_path: Path) -> None:
    """The message names the file and the setting."""
    with pytest.raises(LineageError, match=r"settings\.toml: .*(clock_tolerance_s|realms|more)"):
        settings(tmp_path, f"[identity]\n{text}")


@pytest.mark.parametrize(
    ("url", "host", "path"),
    [
        ("n1.cta.org:/scratch/x", "n1.cta.org", "/scratch/x"),
        ("file://n1/scratch/x", "n1", "/scratch/x"),
        ("file://localhost/a%20b", None, "/a b"),
        ("file:///a", None, "/a"),
        ("C:/a", None, "/C:/a"),
        ("https://host/a", None, None),
        ("root:/a", None, None),
        ("a/b:/c", None, None),
    ],
)
def test_a_path_may_name_its_host(url: str, host: str | None, path: str | None) -> None:
    """As scp and as file: IRIs write it; addresses and drives are something else."""
    assert host_of(url) == host
    assert absolute_path(url) == path


def test_a_named_host_is_the_realm(tmp_path: Path) -> None:
    """What a tool reads from another host's disk is that host's file."""
    made = Production(3, "/shared")
    made.run(0, 5, [], ["/scratch/x.h5"], host="n1", style="ctapipe-old")
    made.play()
    made.run(10, 15, ["n1:/scratch/x.h5"], [], host="n2", style="ctapipe-old")
    made.run(20, 25, ["file://n1/scratch/x.h5"], [], host="n2", style="ctapipe-old")
    store = imported(made.play(), tmp_path, Settings())

    assert set(read(store).values()) == {f"file://n1/scratch/x.h5#{made.activities[0].uuid}"}
