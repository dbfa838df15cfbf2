"""What a check says of the demonstration's logs."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from lineage.check import check
from lineage.check_findings import (
    FindingKind,
)
from lineage.session import import_paths
from lineage.settings import load_settings
from lineage.stores.memory import MemoryStore

ROOT = Path(__file__).parent.parent
DEMO = ROOT / "demo"


def test_the_demonstration_is_told_what_is_true_of_it() -> None:
    """Each finding about the logs of demo/work32 was looked at; four files are not on the disk."""
    settings = load_settings(DEMO / "settings.toml")
    store = MemoryStore()
    import_paths(store, sorted((DEMO / "work32").rglob("*.provenance.log")), settings)
    report = check(store, settings.identity, roots=settings.roots)
    told = [
        (one.kind.word, one.message.partition(": ")[0].removeprefix("/srv/cta/work32/"))
        for one in report.findings
    ]

    assert told == [
        # made by ctapipe-process at 07:09 and used by five; ctapipe-nested lists it as its output
        # half an hour later, with the same product id
        ("overwritten-input", "dl1/gamma_run1.dl1.h5"),
        ("product-kept", "dl1/gamma_run1.dl1.h5"),
        # the demonstration ships neither what the last test tool wrote nor the largest simulations
        ("file-missing", "out2.txt"),
        ("file-missing", "sim/gamma_merged_run4601.simtel.gz"),
        ("file-missing", "sim/gamma_prod6_run1.simtel.zst"),
        ("file-missing", "sim/gamma_prod6_run4.simtel.zst"),
        ("failed", "urn:uuid:0b90dbdd-3c71-4a31-a0b5-54d0bef2ee4d"),  # process, exit code 2
        ("failed", "urn:uuid:56fc040d-8703-4a42-b8ab-c9233a311154"),  # train, exit code 2
        ("failed", "urn:uuid:637eb578-1dc3-4f04-9b29-cadde0fd46c0"),  # process, exit code 2
        ("failed", "urn:uuid:6554ffad-3529-4c7f-b2e8-c0264dcbb04e"),  # merge, exit code 1
        ("failed", "urn:uuid:67cc9a62-0c9c-46a7-9b08-64ae7fc6b24a"),  # process, exit code 1
        ("failed", "urn:uuid:6b4c495c-5baa-4d5d-b0fd-df29b224b46a"),  # process, exit code 2
        ("failed", "urn:uuid:6f1d5c9c-ab24-490e-820d-fcf06f3761ae"),  # slow, interrupted
        ("failed", "urn:uuid:8ead9c87-a017-49cf-bb56-8f3991b93d6e"),  # merge, exit code 1
        ("failed", "urn:uuid:b1ac65f0-a0ce-4451-92ee-76b1820b0520"),  # merge, exit code 1
        ("failed", "urn:uuid:b61ffbbe-5dba-4f68-9258-ab55d0706093"),  # quickstart, exit code 1
        ("failed", "urn:uuid:d41a2471-68df-4522-ae43-994d213d14a4"),  # exit, exit code 42
        # ctapipe-merge --append
        ("changed-in-place", "dl1/appended.dl1.h5"),
        ("origin", "conf/process.yaml"),
        ("origin", "conf/process_v2.yaml"),
        ("origin", "conf/train.yaml"),
        ("origin", "sim/gamma_merged_run4601.simtel.gz"),
        ("origin", "sim/gamma_prod6_run1.simtel.zst"),
        ("origin", "sim/gamma_prod6_run4.simtel.zst"),
        ("origin", "sim/gamma_run1.simtel.gz"),
        ("origin", "sim/gamma_run5.simtel.zst"),
        ("origin", "sim/muon_run14.simtel.zst"),
    ]
    overwritten, kept = report.findings[:2]
    assert overwritten.records[0] == "urn:uuid:36f083a3-6837-44cc-9d6c-ecac35147593"
    assert len(overwritten.records) == 6
    assert "urn:uuid:b754f77c-7c7b-4bbf-9de1-5dc74b8b9575" in kept.records
    assert report.checked["files_on_disk"] == 31


def test_the_models_maker_is_in_the_demonstration() -> None:
    """Without the log of the training the model has no maker: an origin, as no level tells more."""
    settings = load_settings(DEMO / "settings.toml")
    store = MemoryStore()
    logs = sorted((DEMO / "work32").rglob("*.provenance.log"))
    import_paths(store, [log for log in logs if "train" not in log.name], settings)
    report = check(store, settings.identity, kinds=[FindingKind.ORIGIN])

    assert "file:///srv/cta/work32/models/energy.pkl" in {
        record for one in report.findings for record in one.records
    }


@given(st.permutations(sorted((DEMO / "work32").rglob("*.provenance.log"))))
def test_the_order_of_imports_does_not_matter(logs: list[Path]) -> None:
    """The same logs give the same findings."""
    settings = load_settings(DEMO / "settings.toml")
    store, reference = MemoryStore(), MemoryStore()
    import_paths(store, logs, settings)
    import_paths(reference, sorted(logs), settings)

    assert check(store, settings.identity).findings == check(reference, settings.identity).findings
