"""OpenLineage runs and jobs: what they are called, and what their facets say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from importers import openlineage_datasets as ds
from importers.iso_times import moment
from lineage import vocabulary as v
from lineage.records import Value
from lineage.vocabulary import OPENLINEAGE

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_OF_RUNS = ("parent", "nominalTime", "errorMessage", "processing_engine", "jobDependencies")
OF_JOBS = ("documentation", "ownership", "sourceCodeLocation", "sql")
"""Facets of jobs that are read."""


class Run(NamedTuple):
    """What the datasets of an event have in common."""

    activity: str
    start: datetime | None
    stop: datetime | None


def run_iri(identifier: Any) -> str | None:
    """The IRI of a run."""
    if not isinstance(identifier, str) or not identifier:
        return None
    if _UUID.match(identifier):
        return f"urn:uuid:{identifier.lower()}"
    return f"urn:lineage:openlineage:run:{ds.quoted(identifier)}"


def job_iri(job: dict[str, Any]) -> str | None:
    """The IRI of a job."""
    namespace, name = job.get("namespace"), job.get("name")
    if not isinstance(name, str) or not name or not isinstance(namespace, str | None):
        return None
    return f"urn:lineage:openlineage:job:{ds.quoted(namespace or '')}:{ds.quoted(name)}"


def job_names(job: dict[str, Any]) -> Iterator[tuple[str, Value]]:
    """Namespace and name of a job as attributes."""
    for key in ("namespace", "name"):
        if isinstance(job.get(key), str) and job[key]:
            yield f"{OPENLINEAGE}job_{key}", job[key]


def run_facts(
    run: Run,
    status: Any,
    job: dict[str, Any],
    run_facets: dict[str, Any],
    job_facets: dict[str, Any],
) -> Iterator[tuple[str, Value]]:
    """The attributes of a run."""
    if run.start is not None:
        yield v.PROV_START, run.start
    if run.stop is not None:
        yield v.PROV_END, run.stop
    if status is not None and status != "OTHER":
        yield OPENLINEAGE + "status", status
    if job_iri(job) is not None:
        yield v.PROV_LABEL, job["name"]
    yield from job_names(job)
    nominal = ds.objects(run_facets, "nominalTime")
    for key, name in (("nominalStartTime", "nominal_start"), ("nominalEndTime", "nominal_end")):
        time = moment(nominal.get(key))
        if time is not None:
            yield OPENLINEAGE + name, time
    error = ds.objects(run_facets, "errorMessage")
    for key, name in (("message", "error_message"), ("stackTrace", "stack_trace")):
        if isinstance(error.get(key), str):
            yield OPENLINEAGE + name, error[key]
    engine = run_facets.get("processing_engine")
    if isinstance(engine, dict):
        yield from ds.facets({"processing_engine": engine})
    yield from ds.facets(run_facets, _OF_RUNS)
    yield from code_facts(job_facets)
    yield from ds.facets(job_facets, OF_JOBS)


def code_facts(facets: dict[str, Any]) -> Iterator[tuple[str, Value]]:
    """Where the code of a job is, in which version, and its SQL."""
    location = ds.objects(facets, "sourceCodeLocation")
    for key in ("url", "repoUrl", "path", "version", "tag", "branch"):
        if isinstance(location.get(key), str) and location[key]:
            name = "repository" if key == "repoUrl" else key
            yield f"{OPENLINEAGE}source_code_{name}", location[key]
    query = ds.objects(facets, "sql").get("query")
    if isinstance(query, str):
        yield OPENLINEAGE + "sql", query
