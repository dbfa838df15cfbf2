"""A directory of files that mean harm, each named for what it tries.

Nothing here depends on an importer: the files are made from the formats' own rules. ``CANARY`` is
what a file would create if any of its code ran; ``SECRET`` is the text of a file outside of the
tree that many of them point at.
"""

from __future__ import annotations

import gzip
import json
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy

SECRET = "the-secret-outside-of-the-tree"
SCRIPT = "<script>document.title='owned'</script>"
TRAVERSAL = "/srv/../../../../etc/shadow"
UUID = "11111111-2222-4333-8444-555555555555"
MEGABYTE = 1_000_000


class Harm:
    """Runs when it is unpickled."""

    def __init__(self, canary: Path) -> None:
        self._canary = canary

    def __reduce__(self) -> tuple[Callable[[str, str], Any], tuple[str, str]]:
        return open, (str(self._canary), "w")  # type: ignore[return-value]


def make(tree: Path, secret: Path, canary: Path) -> None:
    """Writes all of it below ``tree``; ``secret`` and ``canary`` lie outside."""
    tree.mkdir()
    secret.write_text(SECRET)
    _json(tree)
    _ctapipe(tree, secret)
    _lines(tree)
    _yaml(tree)
    _xml(tree, secret)
    _provenance(tree)
    _hdf5(tree / "hdf5", secret, pickle.dumps(Harm(canary), protocol=0))
    _compressed(tree)
    _kastore(tree)
    (tree / "model.pkl").write_bytes(pickle.dumps(Harm(canary)))
    (tree / "link.json").symlink_to(secret)
    (tree / "loop").symlink_to(tree)


def _document(**parts: Any) -> str:
    return json.dumps({"prefix": {"ex": "http://example.org/"}, **parts})


def _json(tree: Path) -> None:
    deep = "[" * 100_000 + "]" * 100_000
    objects = '{"a":' * 100_000 + "1" + "}" * 100_000
    texts = {
        "deep-list.json": '{"prefix":{"ex":"http://example.org/"},"entity":{"ex:e":' + deep + "}}",
        "deep-object.json": '{"entity":' + objects + "}",
        "open.json": '{"entity":' * 50_000,
        "duplicate-keys.json": '{"prefix":{"ex":"http://example.org/"},"entity":{"ex:e":{"ex:a":1},'
        '"ex:e":{"ex:a":2}},"entity":{"ex:f":{}}}',
        "nan.json": '{"prefix":{"ex":"http://example.org/"},"entity":{"ex:e":{"ex:a":NaN,'
        '"ex:b":-Infinity,"ex:c":1e999}}}',
        "digits.json": '{"prefix":{"ex":"http://example.org/"},"entity":{"ex:e":{"ex:a":'
        + "9" * 100_000
        + "}}}",
        "script.json": _document(
            entity={"ex:e": {"prov:label": SCRIPT, "prov:location": TRAVERSAL, f"ex:{SCRIPT}": 1}}
        ),
        "controls.json": _document(entity={"ex:e": {"prov:label": "a\0b\x1b[2Jc\u202egnp.exe"}}),
        "surrogate.json": '{"prefix":{"ex":"http://example.org/"},"entity":{"ex:e":'
        '{"prov:label":"\\udce9"}}}',
        "long-string.json": _document(entity={"ex:e": {"ex:a": "x" * (60 * MEGABYTE)}}),
        "context.jsonld": '{"@context":"http://127.0.0.1:9/context.jsonld","@graph":[]}',
    }
    several = ",".join(f'"ex:e":{{"ex:a":{number}}}' for number in range(30_000))
    texts["repeated.json"] = _document(entity={}).replace("{}}", f"{{{several}}}}}")
    for name, text in texts.items():
        (tree / name).write_text(text)
    (tree / "long-line.json").write_bytes(b" " * (100 * MEGABYTE) + b"{}")


def _ctapipe(tree: Path, secret: Path) -> None:
    activity = {
        "activity_name": SCRIPT,
        "activity_uuid": UUID,
        "start": {"time_utc": "2026-01-01T00:00:00.000"},
        "stop": {"time_utc": "9999-99-99"},
        "system": {"arguments": [SCRIPT], "environment": {"USER": "../../root"}},
        "input": [{"url": TRAVERSAL, "role": SCRIPT}, {"url": f"file://{secret}", "role": None}],
        "output": [{"url": "/srv/a\0b", "role": "r"}, {"url": "javascript:alert(1)", "role": "r"}],
        "config": {"a": {"b": SCRIPT}},
    }
    text = json.dumps([activity])
    (tree / "script.provenance.log").write_text(text + "[][" + text[2:])
    nested = '[{"activity_uuid":"' + UUID + '","config":' + "[" * 100_000 + "]" * 100_000 + "}]"
    (tree / "deep.provenance.log").write_text(nested)
    endless = '[{"activity_name":"x","activity_uuid":"' + UUID + '","a":"'
    (tree / "endless.provenance.log").write_bytes(endless.encode() + b"x" * (100 * MEGABYTE))
    named = json.dumps([activity | {"activity_name": "x" * (100 * MEGABYTE)}, activity])
    (tree / "long-name.provenance.log").write_text(named)


def _lines(tree: Path) -> None:
    line = f"{{'activity_id': 'abcdef', 'name': '{SCRIPT}', 'session_tag': '{'x' * 10}:1'}}"
    prefix = "INFO provLogger __PROV__2020-01-17T10:00:00.000000__PROV__"
    (tree / "prov.log").write_text(
        prefix + line + "\n" + prefix + "(" * 5_000 + "\n" + prefix + "{'a': " * 5_000 + "\n"
        + prefix + "__import__('os').system('id')\n" + prefix + "{'a': 9**9**9}\n"
        + prefix + "{'entity_id': 'e', 'name': 'n', 'filepath': '" + TRAVERSAL + "', 'hash': 'x'}\n"
    )  # fmt: skip
    (tree / "long").mkdir()
    (tree / "long" / "prov.log").write_bytes(
        (prefix + "{'a': '").encode()
        + b"x" * (100 * MEGABYTE)
        + b"'}\n"
        + prefix.encode()
        + b"{}\n"
    )
    stamp = "2026-11-23 07:16:29,472 DEBUG [ctapipe.x] (provenance.add_input_file): "
    (tree / "ctapipe.log").write_text(
        stamp + f"added input entity '{TRAVERSAL}' to activity: '{SCRIPT}'\n"
        + stamp + "PROVENANCE: '[" + "[" * 50_000 + "\n" + stamp + "x" * MEGABYTE + "\n"
    )  # fmt: skip
    with (tree / "events.jsonl").open("w") as stream:
        event = {"eventType": "START", "eventTime": "x", "run": {"runId": SCRIPT}, "job": {}}
        stream.write(json.dumps(event) + "\n" + "[" * 100_000 + "\n")
    with (tree / "long-line.jsonl").open("w") as stream:
        event |= {"eventTime": "2026-01-01T00:00:00Z", "run": {"runId": UUID}}
        stream.write(json.dumps(event | {"x": "x" * (100 * MEGABYTE)}) + "\n")
        stream.write(json.dumps(event) + "\n")


def _yaml(tree: Path) -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n"
        for before, name in zip("abcdefghi", "bcdefghij", strict=True)
    )
    alert = tree / "superevents" / "S230528ay" / "20230528T114043_preliminary"
    alert.mkdir(parents=True)
    (alert / "meta.yaml").write_text(
        f"HEADER:\n  OBJECT: '{SCRIPT}'\n  X: !!python/object/apply:os.system ['id']\n"
        f"ALERT:\n  superevent_id: '../../{SCRIPT}'\nEXTRA: {{}}\n"
    )
    later = alert.with_name("20230528T114143_update")
    later.mkdir()
    (later / "meta.yaml").write_text(bomb + "HEADER: *j\nALERT: *j\nEXTRA: *j\n")
    (tree / "definition.yaml").write_text(bomb + "activities: *j\nentities: *j\nagents: {}\n")
    (tree / "bomb.ecsv").write_text(
        "# %ECSV 1.0\n# ---\n# meta:\n" + "".join(f"#   {line}\n" for line in bomb.splitlines())
        + "# datatype:\n# - {name: a, datatype: int64}\na\n1\n"
    )  # fmt: skip


def _xml(tree: Path, secret: Path) -> None:
    prov = 'xmlns:prov="http://www.w3.org/ns/prov#" xmlns:ex="http://example.org/"'
    outside = f'<!DOCTYPE d [<!ENTITY x SYSTEM "file://{secret}">]>'
    laughs = "<!DOCTYPE d [<!ENTITY a0 'ha'>" + "".join(
        f"<!ENTITY a{number + 1} '{f'&a{number};' * 10}'>" for number in range(12)
    )
    for name, head, text in (
        ("outside", outside, "&x;"),
        ("laughs", laughs + "]>", "&a12;"),
        ("remote", '<!DOCTYPE d SYSTEM "http://127.0.0.1:9/d.dtd">', "x"),
    ):
        (tree / f"{name}.provx").write_text(
            f'<?xml version="1.0"?>{head}<prov:document {prov}><prov:entity prov:id="ex:e">'
            f"<prov:label>{text}</prov:label></prov:entity></prov:document>"
        )
        (tree / f"{name}.rdf").write_text(
            f'<?xml version="1.0"?>{head}<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-'
            f'syntax-ns#" {prov}><prov:Entity rdf:about="http://example.org/e"><ex:a>{text}</ex:a>'
            "</prov:Entity></rdf:RDF>"
        )


def _provenance(tree: Path) -> None:
    """PROV-N, Turtle, JSON-LD and a crate."""
    prov = "http://www.w3.org/ns/prov#"
    head = "document\nprefix ex <http://example.org/>\nentity(ex:e)\n"
    (tree / "deep.provn").write_text(head + "entity(" * 100_000 + "\nendDocument\n")
    (tree / "long.provn").write_text(head + f'entity(ex:f, [ex:a="{"x" * (30 * MEGABYTE)}"])\n')
    (tree / "script.provn").write_text(f'{head}entity(ex:f, [prov:label="{SCRIPT}"])\nendDocument')
    (tree / "junk.provn").write_text(head + "entity(zz:e)\n" * MEGABYTE)
    start = f"<http://example.org/a> a <{prov}Activity> ; <{prov}used> "
    (tree / "deep.ttl").write_text(start + f"[ <{prov}used> " * 100_000)
    (tree / "long.ttl").write_text(start + '"' + "x" * (50 * MEGABYTE))
    (tree / "script.ttl").write_text(start + f'<file://{TRAVERSAL}> ; <{prov}value> "{SCRIPT}" .')
    node = '{"@type":"http://www.w3.org/ns/prov#Entity","@id":"http://example.org/e"}'
    deep = '{"http://example.org/a":' * 100_000 + "1" + "}" * 100_000
    (tree / "deep.jsonld").write_text(f"[{node},{deep}]")
    (tree / "late.jsonld").write_text(
        f'[{node},{{"http://example.org/a":[' + "1," * (3 * MEGABYTE) + '1],"@id":"a:b"}]'
    )
    crate = tree / "crate"
    crate.mkdir()
    action = {
        "@id": "#a",
        "@type": "CreateAction",
        "name": SCRIPT,
        "object": [{"@id": TRAVERSAL}, {"@id": "../../../../../../etc/shadow"}, {"@id": "#a"}],
        "instrument": {"@id": "javascript:alert(1)"},
    }
    context = "https://w3id.org/ro/crate/1.1/context"
    (crate / "ro-crate-metadata.json").write_text(
        json.dumps({"@context": context, "@graph": [action, {"@id": 5}, "x"]})
    )


def _hdf5(tree: Path, secret: Path, harm: bytes) -> None:
    tree.mkdir()
    with h5py.File(tree / "pickle.h5", "w") as file:
        file.attrs["LSTCHAIN_VERSION"] = "0.7.0"
        for name in ("config", "SOURCE_FILENAMES", "CTAFIELD_0_ENUM"):
            file.attrs[name] = numpy.bytes_(harm)
    with h5py.File(tree / "outside.h5", "w") as file:
        file["link"] = h5py.ExternalLink(str(secret), "/")
        file["loop"] = h5py.SoftLink("/loop")
        file.create_dataset(
            "source_filenames/filenames", (1,), "S30", external=[(str(secret), 0, 30)]
        )
        space = h5py.VirtualLayout((1,), "S30")
        space[0] = h5py.VirtualSource(str(secret), "x", (1,))[0]
        file.create_virtual_dataset("provenance/dl1_to_dl2", space)
    with h5py.File(tree / "bomb.h5", "w") as file:
        chunks = {"chunks": (MEGABYTE,), "compression": "gzip"}
        file.create_dataset("source_filenames/filenames", (5 * 10**9,), "S8", **chunks)
        file.create_dataset("provenance/dl1_to_dl2", (10**9,), h5py.string_dtype())
    with h5py.File(tree / "many.h5", "w") as file:
        for number in range(60_000):
            file.create_group(f"g{number}")
    with h5py.File(tree / "deep.h5", "w") as file:
        group: Any = file
        for _ in range(500):
            group = group.create_group(SCRIPT.replace("/", "_"))
    with h5py.File(tree / "script.h5", "w", track_order=True) as file:
        file.attrs["CTA PRODUCT ID"] = SCRIPT
        file.attrs["CTA ACTIVITY ID"] = TRAVERSAL
        file.attrs["CTA PRODUCT CREATION TIME"] = "9999-99-99 99:99"
        file.attrs["x" * 60_000] = "y"


def _compressed(tree: Path) -> None:
    card = b"SIMPLE  =                    T".ljust(80) + b"BITPIX  =                    8".ljust(80)
    card += b"NAXIS   =                    0".ljust(80)
    with gzip.open(tree / "bomb.fits.gz", "wb", compresslevel=9) as stream:
        stream.write(card)
        for _ in range(200):
            stream.write(b" " * MEGABYTE)
    (tree / "endless.fits").write_bytes((card + b"COMMENT x".ljust(80) * 33) * 2_000)
    claims = card.replace(b"0".ljust(1), b"0") + b"NAXIS1  =  99999999999999".ljust(80)
    (tree / "claims.fits").write_bytes((claims + b"END".ljust(80)).ljust(2880))


def _kastore(tree: Path) -> None:
    """One array that claims to be longer than any disk."""
    head = b"\x89KAS\r\n\x1a\n" + struct.pack("<HHIQ", 1, 0, 1, 64 + 64 + 24)
    item = struct.pack("<B7xQQQQ", 1, 128, 17, 152, 2**62)
    (tree / "bomb.trees").write_bytes(
        head.ljust(64, b"\0") + item.ljust(64, b"\0") + b"provenances/record".ljust(24, b"\0")
    )
