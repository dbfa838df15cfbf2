"""Alert directories that are damaged, hostile or not where gocart puts them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from importers.gocart import GocartImporter
from lineage import vocabulary as v
from lineage.errors import SourceError
from lineage.records import Activity, Agent, Entity, FileEvent
from lineage.vocabulary import GOCART, RelationKind
from tests.gocart_alerts import ALERT, BURST, EVENT, RETRACTION, directory, only, read, related


def test_numpy_tags_are_values(tmp_path: Path) -> None:
    """What PyYAML's safe loader refuses costs nothing but itself, and no code runs."""
    canary = tmp_path / "canary"
    text = BURST.read_text().replace(
        "  MOCORDER: 10\n",
        "  MOCORDER: !!python/object/apply:numpy.core.multiarray.scalar\n"
        "  - !!python/object/apply:numpy.dtype [f8, false, true]\n"
        "  - !!binary |\n    AAAAAAAA8D8=\n"
        f"  EVIL: !!python/object/apply:os.mkdir ['{canary}']\n",
    )
    statements, problems = read(directory(tmp_path, "20230528T114043_preliminary", text))
    made = only(statements, Entity, "map:")

    with pytest.raises(yaml.YAMLError):
        yaml.safe_load(text)
    assert not problems
    assert made.values(v.FITS + "INSTRUME") == ("H1 L1",)
    assert "AAAAAAAA8D8=" in made.values(v.FITS + "MOCORDER")[0]
    assert not canary.exists()


HOSTILE = {
    "bomb": (
        "a: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(
            f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n"
            for before, name in zip("abcdefghi", "bcdefghij", strict=True)
        )
        + "ALERT: *j\nEXTRA: *j\nHEADER: *j\n"
    ),
    "deep": "ALERT: " + "{a: " * 50_000,
    "large": "ALERT: {}\nEXTRA: {}\nHEADER: {}\n" + "#" * (1 << 20),
    "list": "- ALERT\n- EXTRA\n- HEADER\n",
    "empty": "",
    "binary": "\x01\x02\x03",
    "no event": "ALERT: {}\nEXTRA: {}\nHEADER: {}\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_alert_is_refused(name: str, tmp_path: Path) -> None:
    """With a reason, wherever it lies."""
    source = tmp_path / "meta.yaml"
    source.write_text(HOSTILE[name])
    with pytest.raises(SourceError, match="holds no alert"):
        read(source)


def test_hostile_values_lead_nowhere(tmp_path: Path) -> None:
    """Paths, blanks and markup in ids and names are quoted; files elsewhere are no parts."""
    outside = tmp_path / "superevents" / "S230528ay" / "x.multiorder.fits"
    text = (
        "ALERT:\n  alert_type: '../<b>'\n  superevent_id: '../../etc/<script>'\n"
        "  time_created: 9999-99-99\n"
        "  event: {pipeline: '../x y', classification: {'a b/': .nan}}\n"
        "EXTRA: {area90: .inf}\nHEADER: {CREATOR: ../x, VCSVERS: 'a b c', ORIGIN: 5}\n"
    )
    source = directory(tmp_path, "20230528T114043_preliminary", text)
    outside.touch()
    statements, _ = read(source)
    identifiers = [
        one.identifier for one in statements if isinstance(one, Entity | Activity | Agent)
    ]
    paths = {one.path for one in statements if isinstance(one, FileEvent)}

    assert not [one for one in identifiers if set(one) & set(" <>/")]
    assert paths == {str(source)}
    assert GocartImporter().parts(source) == []


def test_links_are_no_parts(tmp_path: Path) -> None:
    """Neither files nor directories; pipes are not opened."""
    secret = tmp_path / "secret"
    secret.write_text("secret")
    text = BURST.read_text().replace("PRELIMINARY", "INITIAL").replace("11:40:43", "12:00:00")
    source = directory(tmp_path, "20230528T120000_initial", text)
    source.with_name("skymap.csv").symlink_to(secret)
    source.with_name("bilby.multiorder.fits").symlink_to(secret)
    os.mkfifo(source.with_name("skymap.png"))
    event = source.parent.parent
    (event / "20230528T100000_preliminary").symlink_to(source.parent)
    (event / "20230528T110000_preliminary").mkdir()
    os.mkfifo(event / "20230528T110000_preliminary" / "meta.yaml")
    statements, problems = read(source)

    assert GocartImporter().parts(source) == []
    assert not related(statements, RelationKind.DERIVATION)
    assert not problems


def test_names_of_directories_help_where_the_file_is_silent(tmp_path: Path) -> None:
    """And it is told; where they disagree the file counts."""
    text = BURST.read_text().replace("  superevent_id: S230528ay\n", "")
    statements, (silent,) = read(directory(tmp_path, "20230528T114043_preliminary", text))
    _, others = read(directory(tmp_path, "20230528T114044_initial"))

    assert only(statements, Entity, EVENT).identifier == EVENT + "S230528ay"
    assert silent.place == "/ALERT/superevent_id"
    assert {problem.place for problem in others} == {"/ALERT/alert_type", "/ALERT/time_created"}
    assert {problem.records_lost for problem in others} == {0}


def test_an_alert_outside_of_its_directory_is_read(tmp_path: Path) -> None:
    """By what it says itself; nothing is known of others then."""
    source = tmp_path / "meta.yaml"
    source.write_text(RETRACTION.read_text())
    statements, problems = read(source)

    assert not problems
    assert not related(statements, RelationKind.DERIVATION)
    assert not only(statements, Entity, ALERT).values(GOCART + "gap")


def test_a_damaged_file_keeps_what_is_whole(tmp_path: Path) -> None:
    """The alert is known, the map is not, and the line is told."""
    whole = BURST.read_text()
    text = whole[: whole.index("HEADER:")] + "HEADER: {CREATOR: 'x\n"
    statements, problems = read(directory(tmp_path, "20230528T114043_preliminary", text))

    assert only(statements, Entity, ALERT).values(GOCART + "area90") == (96.624,)
    assert problems[0].place == str(text.count("\n") + 1)
    assert "cannot be read further" in problems[0].message


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    """With their line; the rest of the value is kept."""
    source = directory(tmp_path, "20230528T114043_preliminary")
    source.write_bytes(source.read_bytes().replace(b"AllSky", b"All\xffSky"))
    statements, (problem,) = read(source)

    assert only(statements, Entity, ALERT).values(GOCART + "search") == ("All\ufffdSky",)
    assert problem.place == "14"
