"""PROV documents that mean harm: nothing outside is read, nothing grows, all is text."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pyoxigraph as ox
import pytest

from lineage import registry
from lineage import vocabulary as v
from lineage.errors import SourceError
from lineage.records import Entity
from tests.importing import read_text
from tests.test_no_network import Listener, listener
from tests.test_prov_formats import EX, JSONLD, PROVJSONLD, PROVN, RDFXML, XML, E

__all__ = ["listener"]

SECRET = "the secret"
LAUGHS = "<!DOCTYPE d [<!ENTITY a0 'ha'>" + "".join(
    f"<!ENTITY a{number + 1} '{f'&a{number};' * 10}'>" for number in range(12)
)


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE d [<!ENTITY x SYSTEM "{secret}">]>',
        '<!DOCTYPE d [<!ENTITY % p SYSTEM "{secret}"> %p;]>',
        '<!DOCTYPE d PUBLIC "x" "{secret}" [<!ENTITY x SYSTEM "{secret}">]>',
        '<!DOCTYPE d SYSTEM "{address}">',
        '<!DOCTYPE d [<!ENTITY x SYSTEM "{address}">]>',
    ],
)
def test_nothing_outside_of_xml_is_read(doctype: str, tmp_path: Path, listener: Listener) -> None:
    """No entity leads to a file or an address, in PROV-XML or RDF/XML, in texts or attributes."""
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    head = doctype.format(secret=secret.as_uri(), address=f"http://{listener.address}/x")
    texts = {
        "prov-xml": XML.format(
            head,
            '<prov:entity prov:id="ex:e"/>'
            '<prov:entity prov:id="ex:f"><prov:label>a&x;b</prov:label></prov:entity>',
        ),
        "prov-o": RDFXML.format(
            head, '<prov:Entity rdf:about="http://example.org/e"><ex:a>a&x;b</ex:a></prov:Entity>'
        ),
    }
    for importer, text in texts.items():
        try:
            said: object = read_text(importer, tmp_path, text)
        except SourceError as refusal:
            said = refusal

        assert SECRET not in repr(said)
        assert isinstance(said, SourceError) or said.problems  # type: ignore[attr-defined]
    assert listener.heard() == 0


def test_entities_that_multiply_are_given_up(tmp_path: Path) -> None:
    """A billion laughs are not heard, in texts or attributes."""
    for text in (
        XML.format(LAUGHS + "]>", '<prov:entity prov:id="ex:e"><ex:a>&a12;</ex:a></prov:entity>'),
        XML.format(LAUGHS + "]>", '<prov:entity prov:id="ex:&a12;"/>'),
    ):
        found = read_text("prov-xml", tmp_path, text)

        assert found.records == []
        assert "amplification" in found.messages
    for body in ("<ex:a>&a12;</ex:a>", '<ex:a rdf:resource="&a12;"/>'):
        text = RDFXML.format(LAUGHS + "]>", f'<prov:Entity rdf:about="a:b">{body}</prov:Entity>')
        with pytest.raises(SourceError, match="amplification"):
            read_text("prov-o", tmp_path, text)


@pytest.mark.parametrize(
    "context",
    [
        '"{address}"',
        '["{address}",{{"prov":"http://www.w3.org/ns/prov#"}}]',
        '{{"@import":"{address}","prov":"http://www.w3.org/ns/prov#"}}',
    ],
)
def test_no_context_is_fetched(context: str, tmp_path: Path, listener: Listener) -> None:
    """A document whose context is an address is refused by that name, by either reader."""
    address = f"http://{listener.address}/context.jsonld"
    text = f'{{"@context":{context.format(address=address)},"@graph":[{{"@type":"prov:Entity"}}]}}'
    for importer in ("prov-o", "prov-jsonld"):
        with pytest.raises(SourceError, match=re.escape(f"its context '{address}' is only an")):
            read_text(importer, tmp_path, text)
    nested = JSONLD.format(
        f'{{"@id":"ex:e","@type":"prov:Entity"}},{{"@id":"ex:x","ex:a":{{"@context":"{address}"}}}}'
    )
    found = read_text("prov-o", tmp_path, nested)

    assert found.records == [E]
    assert found.places == ["/@graph/1"]
    assert listener.heard() == 0


DEEP = 100_000
BOMBS: dict[str, tuple[str, str]] = {
    "elements": ("prov-xml", XML.format("", '<prov:entity prov:id="ex:f">' + "<ex:a>" * DEEP)),
    "rdf elements": ("prov-o", RDFXML.format("", "<prov:Entity/>" + "<ex:a><ex:b>" * DEEP)),
    "lists": ("prov-o", JSONLD.format("[" * DEEP + "]" * DEEP)),
    "objects": ("prov-o", JSONLD.format('{"ex:a":' * DEEP + "1" + "}" * DEEP)),
    "nodes": ("prov-o", JSONLD.format('{"ex:a":[' + "1," * 3_000_000 + '1],"@id":"ex:x"}')),
    "statements": ("prov-jsonld", PROVJSONLD.format("[" * DEEP + "]" * DEEP)),
    "brackets": ("prov-n", PROVN.format("entity(" * DEEP)),
    "pairs": ("prov-n", PROVN.format("entity" + "(" * DEEP * 5 + ")" * DEEP * 5)),
    "text": ("prov-n", PROVN.format('entity(ex:f, [ex:a="' + "x" * 20_000_000 + '"])')),
    "open text": ("prov-n", PROVN.format('entity(ex:f, [ex:a="""' + "x" * 20_000_000)),
    "open comment": ("prov-n", PROVN.format("/*" + "x" * 20_000_000)),
    "backslashes": ("prov-n", PROVN.format("entity(ex:" + "\\" * 1_000_001)),
    "prefixes": (
        "prov-n",
        "document\n" + "".join(f"prefix p{n} <http://p/{n}>\n" for n in range(20_000)),
    ),
    "blank nodes": (
        "prov-o",
        f"@prefix prov: <{v.PROV}> .\n<a:a> prov:used " + "[ prov:used " * DEEP,
    ),
    "long literal": ("prov-o", f'<a:a> <{v.PROV}value> "{"x" * 40_000_000}".'),
    "children": (
        "prov-xml",
        XML.format("", '<prov:entity prov:id="ex:f">' + "<ex:a>x</ex:a>" * 1_000_000),
    ),
}  # fmt: skip
MEASURE = """
import sys
from pathlib import Path
from lineage.errors import SourceError
from lineage.registry import importers, recognise
recognise(Path(sys.argv[2]))
problems = []
try:
    for _ in importers()[sys.argv[1]].records(Path(sys.argv[2]), problems.append): pass
except SourceError as error: problems.append(error)
# not getrusage: what it calls the peak begins with that of the process that started this one
status = Path("/proc/self/status")
lines = status.read_text().splitlines() if status.exists() else ["VmHWM: 0"]
print(len(problems), next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) >> 10)
"""


@pytest.mark.parametrize(("importer", "text"), BOMBS.values(), ids=BOMBS.keys())
def test_bombs_are_told_and_take_little_memory(importer: str, text: str, tmp_path: Path) -> None:
    """Depth and length are capped before any library holds them."""
    source = tmp_path / "bomb"
    source.write_text(text)
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, importer, str(source)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    problems, peak_mib = map(int, done.stdout.split())

    assert problems
    assert peak_mib < 400


def test_what_is_hostile_stays_text(tmp_path: Path) -> None:
    """Scripts, control characters and paths that lead out are values like others."""
    script = "<script>alert(1)</script>\x1b[2J"
    escaped = script.replace("\x1b", "\\u001B")
    found = read_text("prov-n", tmp_path, PROVN.format(f'entity(ex:e, [prov:label="{escaped}"])'))

    assert found.records == [Entity(EX + "e", ((v.PROV_LABEL, script),))]
    turtle = (
        f"<javascript:a> a <{v.PROV}Entity> . <file:///srv/../../etc/shadow> a <{v.PROV}Agent> ."
    )
    both = read_text("prov-o", tmp_path, turtle).records

    assert {one.identifier for one in both} == {"javascript:a", "file:///srv/../../etc/shadow"}


def test_pyoxigraph_still_caps_what_it_holds() -> None:
    """What the reader of RDF relies on: a token has 16 MB, JSON a depth, contexts no loader."""
    with pytest.raises(MemoryError):
        list(ox.parse(b'<a:a> <a:b> "' + b"x" * 20_000_000, format=ox.RdfFormat.TURTLE))
    with pytest.raises(SyntaxError, match="Max stack size"):
        list(ox.parse(b"[" * 100_000, format=ox.RdfFormat.JSON_LD))
    with pytest.raises(SyntaxError, match="No LoadDocumentCallback"):
        list(ox.parse(b'{"@context":"http://127.0.0.1:9/"}', format=ox.RdfFormat.JSON_LD))


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE d [<!ENTITY % a "x"><!ENTITY % b "%a;">%b;]>',
        f'<!DOCTYPE d [<!ENTITY a "{"x" * 100_000}">]>',
    ],
)
def test_a_document_type_hides_no_document(doctype: str, tmp_path: Path) -> None:
    """One that breaks, or is longer than a head, leaves a PROV-XML document by its name."""
    path = tmp_path / "a.provx"
    path.write_text(XML.format(doctype, '<prov:entity prov:id="ex:e"/>'))
    page = tmp_path / "a.html"
    page.write_text(f"{doctype}<html><body>a document</body></html>")

    importer = registry.recognise(path)
    assert importer is not None
    assert importer.name == "prov-xml"
    assert registry.recognise(page) is None
