"""What a killed process left half done is put right before anything else is written."""

from __future__ import annotations

from collections.abc import Iterator

from lineage import vocabulary as v
from lineage.canonical import relation_key
from lineage.graph_store import GraphStore
from lineage.identity import Changes, IdentitySettings, Resolution, resolve_stored
from lineage.subgraph import StoredElement, StoredRelation, is_observed
from lineage.vocabulary import ElementKind


def settle(store: GraphStore, settings: IdentitySettings) -> bool:
    """Makes the graph say what its file events mean, if a killed process left it in doubt.

    It costs as much as the whole store, and is needed only then. To be called with the right to
    write.

    Returns:
        Whether there was anything to do.
    """
    if store.settled():
        return False
    meant = resolve_stored(store.all_events(), settings)
    store.bind(_everything(meant, store.contents()))
    return True


def _everything(after: Resolution, held: Iterator[StoredElement | StoredRelation]) -> Changes:
    """What makes a store say ``after``, and nothing else of what identity says."""
    versions: list[str] = []
    runs: list[str] = []
    relations: list[str] = []
    for one in held:
        if isinstance(one, StoredRelation):
            known = one.key in after.bindings or one.key in after.links
            if not (known or is_observed(one) or _declared(one)):
                relations.append(one.key)
        elif one.bundle is None:
            # of what identity did not make nothing is dropped, as it has said nothing of it
            made = one.values(v.IDENTIFIED_BY)
            if ElementKind.ENTITY in one.kinds and made and one.identifier not in after.versions:
                versions.append(one.identifier)
            if ElementKind.ACTIVITY in one.kinds and one.identifier not in after.runs:
                runs.append(one.identifier)
    return Changes(
        versions=tuple(after.versions[key] for key in sorted(after.versions)),
        runs=tuple(after.runs[key] for key in sorted(after.runs)),
        bindings=tuple(sorted(after.bindings.items(), key=_first)),
        links=tuple(sorted(after.links.items(), key=_first)),
        dropped_versions=tuple(versions),
        dropped_runs=tuple(runs),
        dropped_bindings=tuple(relations),
    )


def _first(pair: tuple[str, object]) -> str:
    return pair[0]


def _declared(stored: StoredRelation) -> bool:
    """A document says it; the keys of what file events make are digests of something else."""
    return bool(stored.sources) and stored.key == relation_key(stored.relation)
