"""PROV-DM as tables, and our own attributes, documented once.

Labels, relationship types, RDF predicates and qualified classes, JSON keys and edge labels are all
read from here; no other module spells a PROV keyword.

Source: PROV-DM, PROV-N, PROV-O (W3C Recommendations, 30 April 2013); PROV-JSON (W3C Member
Submission, 24 April 2013); PROV-Links for mentionOf (W3C Note).
"""

from __future__ import annotations

from enum import Enum
from types import MappingProxyType
from typing import NamedTuple

PROV = "http://www.w3.org/ns/prov#"
XSD = "http://www.w3.org/2001/XMLSchema#"
XSI = "http://www.w3.org/2001/XMLSchema-instance#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
LINEAGE = "urn:lineage:ns:"
"""Namespace of the attributes that this project defines itself."""
FILE = "urn:lineage:ns:file:"
"""Namespace of what is known about a file as a file."""
CTAPIPE = "urn:lineage:ns:ctapipe:"
"""Namespace of what a ctapipe provenance record says of an activity."""
CTA = "urn:lineage:ns:cta:"
"""Namespace of the CTA reference metadata (``CTA PRODUCT ID`` is ``cta:PRODUCT_ID``)."""
LSTOSA = "urn:lineage:ns:lstosa:"
"""Namespace of what lstosa's and logprov's records say."""
LSTCHAIN = "urn:lineage:ns:lstchain:"
"""Namespace of the attributes that lstchain writes into its files."""
HDF5 = "urn:lineage:ns:hdf5:"
"""Namespace of what is seen in any HDF5 file."""
FITS = "urn:lineage:ns:fits:"
"""Namespace of FITS keywords and ECSV metadata (``ORIGIN`` is ``fits:ORIGIN``)."""
TSKIT = "urn:lineage:ns:tskit:"
"""Namespace of what a row of a tree sequence's provenance table says."""
GOCART = "urn:lineage:ns:gocart:"
"""Namespace of what an alert directory says of an alert."""
DQM = "urn:lineage:ns:dqm:"
"""Namespace of what the output of a data-quality monitor tells."""
OPENLINEAGE = "urn:lineage:ns:openlineage:"
"""Namespace of OpenLineage's run, job and dataset facets."""
SCHEMA = "http://schema.org/"
"""Namespace of schema.org, whose terms RO-Crates use."""

NAMESPACES: MappingProxyType[str, str] = MappingProxyType(
    {
        "cta": CTA,
        "ctapipe": CTAPIPE,
        "dqm": DQM,
        "file": FILE,
        "fits": FITS,
        "gocart": GOCART,
        "hdf5": HDF5,
        "lineage": LINEAGE,
        "lstchain": LSTCHAIN,
        "lstosa": LSTOSA,
        "openlineage": OPENLINEAGE,
        "prov": PROV,
        "rdf": RDF,
        "rdfs": RDFS,
        "schema": SCHEMA,
        "tskit": TSKIT,
        "xsd": XSD,
        "xsi": XSI,
    }
)
"""Prefix -> namespace IRI of everything that this project writes of its own accord."""


class ElementKind(Enum):
    """The kinds of PROV-DM element; the value is the Cypher label and the PROV-O class."""

    ENTITY = "Entity"
    ACTIVITY = "Activity"
    AGENT = "Agent"

    @property
    def keyword(self) -> str:
        """The PROV-N and PROV-JSON keyword."""
        return self.value.lower()


class End(NamedTuple):
    """One formal argument of a relation, as PROV-JSON names it."""

    name: str
    """PROV-DM attribute, without prefix: ``activity``, ``usedEntity``."""
    kind: ElementKind | None
    """What an identifier in this place is said to be; ``None`` where PROV leaves it open."""


_E, _A, _G = ElementKind.ENTITY, ElementKind.ACTIVITY, ElementKind.AGENT


class Row(NamedTuple):
    """What PROV says about one relation."""

    keyword: str
    """PROV-N and PROV-JSON keyword; also the Cypher relationship type."""
    subject: End
    object: End
    further: tuple[End, ...] = ()
    """Formal arguments after the second, in PROV-N's order, without the time."""
    has_time: bool = False
    influence: bool = True
    """Followed by a walk unless told otherwise (PROV-DM 5.1.8; see queries.py)."""
    predicate: str = ""
    """PROV-O property, local part; the keyword where they are the same."""
    qualified_property: str | None = None
    """PROV-O's ``qualifiedUsage`` ...; ``None`` where PROV-O has no qualified form."""
    qualified_class: str | None = None
    """PROV-O's ``Usage`` ..."""
    object_property: str | None = None
    """PROV-O's ``entity``, ``activity``, ``agent`` or ``influencer`` inside the qualified class."""


class RelationKind(Enum):
    """The 15 relations of PROV-DM."""

    USAGE = Row(
        "used", End("activity", _A), End("entity", _E), has_time=True,
        predicate="used", qualified_property="qualifiedUsage", qualified_class="Usage",
        object_property="entity",
    )  # fmt: skip
    GENERATION = Row(
        "wasGeneratedBy", End("entity", _E), End("activity", _A), has_time=True,
        predicate="wasGeneratedBy", qualified_property="qualifiedGeneration",
        qualified_class="Generation", object_property="activity",
    )  # fmt: skip
    INVALIDATION = Row(
        "wasInvalidatedBy", End("entity", _E), End("activity", _A), has_time=True, influence=False,
        predicate="wasInvalidatedBy", qualified_property="qualifiedInvalidation",
        qualified_class="Invalidation", object_property="activity",
    )  # fmt: skip
    COMMUNICATION = Row(
        "wasInformedBy", End("informed", _A), End("informant", _A),
        predicate="wasInformedBy", qualified_property="qualifiedCommunication",
        qualified_class="Communication", object_property="activity",
    )  # fmt: skip
    START = Row(
        "wasStartedBy", End("activity", _A), End("trigger", _E), (End("starter", _A),),
        has_time=True, predicate="wasStartedBy", qualified_property="qualifiedStart",
        qualified_class="Start", object_property="entity",
    )  # fmt: skip
    END = Row(
        "wasEndedBy", End("activity", _A), End("trigger", _E), (End("ender", _A),),
        has_time=True, influence=False, predicate="wasEndedBy",
        qualified_property="qualifiedEnd", qualified_class="End", object_property="entity",
    )  # fmt: skip
    DERIVATION = Row(
        "wasDerivedFrom", End("generatedEntity", _E), End("usedEntity", _E),
        (End("activity", _A), End("generation", None), End("usage", None)),
        predicate="wasDerivedFrom", qualified_property="qualifiedDerivation",
        qualified_class="Derivation", object_property="entity",
    )  # fmt: skip
    ATTRIBUTION = Row(
        "wasAttributedTo", End("entity", _E), End("agent", _G),
        predicate="wasAttributedTo", qualified_property="qualifiedAttribution",
        qualified_class="Attribution", object_property="agent",
    )  # fmt: skip
    ASSOCIATION = Row(
        "wasAssociatedWith", End("activity", _A), End("agent", _G), (End("plan", _E),),
        predicate="wasAssociatedWith", qualified_property="qualifiedAssociation",
        qualified_class="Association", object_property="agent",
    )  # fmt: skip
    DELEGATION = Row(
        "actedOnBehalfOf", End("delegate", _G), End("responsible", _G), (End("activity", _A),),
        predicate="actedOnBehalfOf", qualified_property="qualifiedDelegation",
        qualified_class="Delegation", object_property="agent",
    )  # fmt: skip
    INFLUENCE = Row(
        "wasInfluencedBy", End("influencee", None), End("influencer", None),
        predicate="wasInfluencedBy", qualified_property="qualifiedInfluence",
        qualified_class="Influence", object_property="influencer",
    )  # fmt: skip
    SPECIALIZATION = Row(
        "specializationOf", End("specificEntity", _E), End("generalEntity", _E),
        influence=False, predicate="specializationOf",
    )  # fmt: skip
    ALTERNATE = Row(
        "alternateOf", End("alternate1", _E), End("alternate2", _E),
        influence=False, predicate="alternateOf",
    )  # fmt: skip
    MENTION = Row(
        "mentionOf", End("specificEntity", _E), End("generalEntity", _E), (End("bundle", None),),
        influence=False, predicate="mentionOf",
    )  # fmt: skip
    MEMBERSHIP = Row(
        "hadMember", End("collection", _E), End("entity", _E),
        influence=False, predicate="hadMember",
    )  # fmt: skip

    @property
    def keyword(self) -> str:
        """The PROV-N keyword, which is also the Cypher relationship type."""
        return self.value.keyword


RELATION_BY_KEYWORD: MappingProxyType[str, RelationKind] = MappingProxyType(
    {kind.keyword: kind for kind in RelationKind}
)
"""PROV-N keyword -> relation."""

INFLUENCES: frozenset[RelationKind] = frozenset(k for k in RelationKind if k.value.influence)
"""What a walk follows by default.

Membership, specialization, alternate and mention are not influences; what *ended* or *invalidated*
a thing is an influence for PROV, but it is not where the thing came from: a retraction would become
the origin of everything derived from an alert.
"""

TYPE_LABELS: MappingProxyType[str, str] = MappingProxyType(
    {
        PROV + name: name
        for name in ("Bundle", "Collection", "Organization", "Person", "Plan", "SoftwareAgent")
    }
)
"""PROV type IRI -> the further Cypher label that a record with this type carries."""

PROV_TYPE = PROV + "type"
PROV_LABEL = PROV + "label"
PROV_VALUE = PROV + "value"
PROV_LOCATION = PROV + "location"
PROV_ROLE = PROV + "role"
PROV_TIME = PROV + "time"
PROV_START = PROV + "startTime"
PROV_END = PROV + "endTime"
PROV_PLAN = PROV + "plan"

IDENTIFIED_BY = LINEAGE + "identified_by"
OVERWRITTEN = LINEAGE + "overwritten"
EVIDENCE = LINEAGE + "evidence"
AGGREGATES = LINEAGE + "aggregates"
DATA_LEVEL = LINEAGE + "data_level"
RUN = LINEAGE + "run"
SUBRUN = LINEAGE + "subrun"
NIGHT = LINEAGE + "night"
TELESCOPE = LINEAGE + "telescope"
PRODUCTION = LINEAGE + "production"
KEY_SOURCE = LINEAGE + "key_source"
CONTENT_EVIDENCE = "content"
"""Value of `EVIDENCE` where two files had the same bytes when they were looked at."""
DECISION_EVIDENCE = "decision"
"""Value of `EVIDENCE` where a user said that two entities are the same."""
GUESS_EVIDENCE = "guess"
"""Value of `EVIDENCE` where two entities resemble one another; such a relation is never stored."""
DECISION_TYPE = LINEAGE + "Decision"
"""PROV type of the record that two entities are not the same, in exports."""
DECIDED = LINEAGE + "decided"
DECIDED_ON = LINEAGE + "decided_on"
DECIDED_BY = LINEAGE + "decided_by"
DECIDED_AT = LINEAGE + "decided_at"
DECISION_NOTE = LINEAGE + "decision_note"
JOINED_BY = LINEAGE + "joined_by"
UTC_OFFSET_MIN = LINEAGE + "utc_offset_min"
FILE_PATHS = FILE + "paths"
FILE_STATE = FILE + "state"
FILE_SIZE = FILE + "size_bytes"
FILE_MODIFIED = FILE + "modified"
FILE_SHA256 = FILE + "sha256"
FILE_MEDIA_TYPE = FILE + "media_type"
FILE_OBSERVED_AT = FILE + "observed_at"
FILE_OBSERVED_PATH = FILE + "observed_path"
FILE_FIRST_SIZE = FILE + "first_size_bytes"
FILE_FIRST_MODIFIED = FILE + "first_modified"
FILE_FIRST_SHA256 = FILE + "first_sha256"
FILE_FIRST_OBSERVED_AT = FILE + "first_observed_at"
RECORDED_PATH = LINEAGE + "recorded_path"
RECORDED_PRODUCT = LINEAGE + "recorded_product"

OBSERVATION_KEYS = frozenset({DATA_LEVEL, RUN, SUBRUN, NIGHT, TELESCOPE, PRODUCTION})
"""What granularity folds on."""

OUR_ATTRIBUTES: MappingProxyType[str, str] = MappingProxyType(
    {
        IDENTIFIED_BY: "what an entity's identity, or a binding, rests on: product, iri, "
        "generation, path+time, path, argument, header or guess (strongest first), or unclear "
        "(one of several versions, and nothing tells which); on an activity: "
        "log (a text log alone tells of it; its times are local)",
        JOINED_BY: "what a text log and a provenance record of an activity agree in, so that they "
        "are taken for one: 'record' (the log holds it itself), 'name, times and files' or 'name "
        "and times'",
        UTC_OFFSET_MIN: "local time of the activity's text log minus UTC, in minutes, as inferred",
        OVERWRITTEN: "true on a file version all of whose paths hold a later version",
        RECORDED_PATH: "the path as the source wrote it, where a relation was bound to a version",
        RECORDED_PRODUCT: "the product id that the source recorded for the file",
        EVIDENCE: "what a relation, or a record, rests on that no source states as such: "
        "product-kept (a second activity lists the same product id as its output), content "
        "(`lineage files --hash` found the same bytes), decision (a user confirmed it), guess (it "
        "resembles, and nobody confirmed it), or words that begin with 'inferred:', 'guess:' or "
        "the part of the source that tells it",
        DECIDED: "what a user decided about two entities, in an exported document: different",
        DECIDED_ON: "the two entities that a user decided about",
        DECIDED_BY: "who decided",
        DECIDED_AT: "when it was decided, UTC",
        DECISION_NOTE: "why, in the user's words",
        AGGREGATES: "true on wasInfluencedBy: from an activity in a merged record to one of those "
        "that it stands for",
        FILE_PATHS: "every path at which a product was recorded, where there are several",
        DATA_LEVEL: "highest CTA data level (R0 ... DL6) that a file's header or name tells",
        RUN: "number of the observation run (obs_id)",
        SUBRUN: "number of the subrun within the run",
        NIGHT: "night of the observation, as an ISO date",
        TELESCOPE: "telescope or array, as LST-1",
        PRODUCTION: "production that the file belongs to: version of the software or production id",
        KEY_SOURCE: "where each of the observation keys comes from: 'run: content' (read by an "
        "importer) or 'run: name' (told by the path alone)",
        FILE_MEDIA_TYPE: "media type of the file, from what the source says, its first bytes or "
        "its suffix",
        FILE_STATE: "what `lineage files` found on the disk: present, changed (other bytes than at "
        "the first look, or than a source says), missing, or overwritten (the path holds a later "
        "version)",
        FILE_SIZE: "size of the file in bytes",
        FILE_MODIFIED: "when the file was last modified, as the disk says",
        FILE_SHA256: "SHA-256 of the file's bytes",
        FILE_OBSERVED_AT: "when the file was last looked at",
        FILE_OBSERVED_PATH: "the recorded path at which the file was looked at",
        FILE_FIRST_SIZE: "size in bytes before the file was changed",
        FILE_FIRST_MODIFIED: "when the file was modified, before it was changed",
        FILE_FIRST_SHA256: "SHA-256 of the bytes before the file was changed",
        FILE_FIRST_OBSERVED_AT: "when the file was last seen as it was before it was changed",
        DQM + "data_name": "name of the data file that a plot shows, as the plot's directory tells",
        DQM + "default_path": "where the monitor looks for a file unless told otherwise",
        DQM + "plot_class": "class of the monitor's plotting functions that drew a plot",
        DQM + "shows": "what part of the data a plot can show, as the monitor works",
        TSKIT + "arguments": "the arguments of a command line, quoted as for a shell",
        TSKIT + "command": "what was run: a function or a program, or the whole command line",
        TSKIT + "cut": "what of a long text was left out, with the digest of the whole",
        TSKIT + "edges": "edges of a tree sequence",
        TSKIT + "elapsed_time_s": "wall-clock time of a step, in seconds",
        TSKIT + "environment": "operating system, interpreter and libraries, as JSON",
        TSKIT + "file_uuid": "the id that tskit gives a file at each dump",
        TSKIT + "format_version": "version of tskit's file format",
        TSKIT + "individuals": "individuals of a tree sequence",
        TSKIT + "max_memory_bytes": "largest memory that the process of a step had used",
        TSKIT + "mutations": "mutations of a tree sequence",
        TSKIT + "node": "host name (environment.os.node)",
        TSKIT + "nodes": "nodes of a tree sequence",
        TSKIT + "note": "what is worth knowing of a file, in words",
        TSKIT + "parameters": "the parameters of a step as JSON; what became a record of its own "
        "stands as a reference",
        TSKIT + "problem": "what is wrong with a row of the provenance table",
        TSKIT + "provenance_rows": "rows of a file's provenance table; 0 where its maker kept none",
        TSKIT + "random_seed": "seed of the random numbers",
        TSKIT + "record": "what else a row says, as JSON",
        TSKIT + "repeated_rows": "rows of a file's provenance table that are not steps of their "
        "own: they repeat an earlier one",
        TSKIT + "row": "place of a step in its provenance table, from 0",
        TSKIT + "schema_version": "version of the schema that a row says it follows",
        TSKIT + "sequence_length": "length of the sequence, in its own unit",
        TSKIT + "sites": "sites of a tree sequence",
        TSKIT + "sys_time_s": "system time of a step, in seconds",
        TSKIT + "text": "a row that is no JSON object, as it stands",
        TSKIT + "time_units": "what times in a tree sequence are counted in",
        TSKIT + "timestamp": "time of a row as it is written, where that is not its end time",
        TSKIT + "user_time_s": "processor time of a step, in seconds",
        FITS + "format": "FITS (and whether it is compressed), or ECSV with its version",
        FITS + "hdus": "the HDUs of a file in order, as JSON: kind, name, size, checksums, and "
        "keywords where several have some",
        FITS + "columns": "columns of a table with their units, after the HDU's name if it has one",
        FITS + "CHECKSUM": "the checksums of the HDUs in order, - where one has none",
        FITS + "DATASUM": "the checksums of the HDUs' data in order, - where one has none",
        GOCART + "superevent_id": "LVK's id of the event",
        GOCART + "mock": "the event is a mock event",
        GOCART + "gracedb": "address of the event in GraceDB",
        GOCART + "retracted_at": "when a retraction of the event was issued",
        GOCART + "alert_type": "EARLY_WARNING, PRELIMINARY, INITIAL, UPDATE or RETRACTION",
        GOCART + "time_created": "when the alert was issued",
        GOCART + "event_time": "when the gravitational waves arrived",
        GOCART + "instruments": "detectors that saw the event",
        GOCART + "gap": "why an alert before this one must be missing: filters leave alerts out",
        GOCART + "record": "what else the notice says, as JSON",
        HDF5 + "tree": "groups and data sets as JSON: path, shape, type, stored bytes, columns, "
        "how many attributes describe them, other attributes; at most 2,000 objects",
        HDF5 + "root_attributes": "attributes of the root that are told nowhere else, as JSON",
        HDF5 + "links": "soft and external links, external storage and virtual data sets as JSON; "
        "none of them is followed",
        HDF5 + "groups": "number of groups, the root among them",
        HDF5 + "datasets": "number of data sets",
        HDF5 + "attributes": "number of attributes of all objects",
        HDF5 + "stored_bytes": "bytes that the data sets take in the file",
        HDF5 + "first_dataset_created": "when the first data set was created, as far as the object "
        "headers tell",
        HDF5 + "last_dataset_created": "when the last data set was created, as far as the object "
        "headers tell",
        LSTCHAIN + "LSTCHAIN_VERSION": "lstchain's version; several where steps used several",
        LSTCHAIN + "CTAPIPE_VERSION": "ctapipe's version beside that of lstchain",
        LSTCHAIN + "CTAPIPE_IO_LST_VERSION": "ctapipe_io_lst's version beside that of lstchain",
        LSTCHAIN + "CONTACT": "the contact that lstchain writes",
        LSTCHAIN + "steps": "versions and configuration object by object, as JSON: tables keep "
        "those of the step that wrote them",
        LSTCHAIN + "config": "the configuration as JSON, without paths, log and verbosity",
        LSTCHAIN + "configured_inputs": "files that configurations name as inputs, as JSON by "
        "object and key",
        LSTCHAIN + "source_filenames": "inputs of the last step as it was given them, as JSON",
        LSTCHAIN + "SOURCE_FILENAMES": "base names of sources as lstchain < 0.8 lists them, as "
        "JSON; sources of earlier files of the same process may be among them",
        CTAPIPE + "status": "how the activity ended, as ctapipe wrote it",
        CTAPIPE + "exit_code": "exit code of the process",
        CTAPIPE + "duration_min": "stop - start in minutes",
        CTAPIPE + "version": "ctapipe's version (system.ctapipe_version)",
        CTAPIPE + "arguments": "the command line, quoted as for a shell",
        CTAPIPE + "executable": "interpreter or program",
        CTAPIPE + "node": "host name (system.platform.node)",
        CTAPIPE + "user": "account name (environment.USER)",
        CTAPIPE + "system": "the system record as JSON: platform, python, packages, environment",
        CTAPIPE + "n_cpus": "processors of the host",
        CTAPIPE + "config": "the configuration as JSON: on an activity as recorded; on a plan "
        "without paths, log and verbosity, and the inputs and outputs of its activities",
        CTAPIPE + "samples": "CPU and memory samples as JSON",
        CTAPIPE + "log_line": "first line of a run in its text log",
        CTAPIPE + "log_warnings": "warnings that a run's text log holds",
        CTAPIPE + "log_errors": "errors that a run's text log holds, critical ones among them",
        CTAPIPE + "log_file": "where the run wrote its text log, by its configuration",
        CTAPIPE + "exception": "why a run failed, by its text log",
        CTAPIPE + "overwrote": "a file that was there already and was overwritten, by the text log",
        CTAPIPE + "provenance_log": "where the provenance record is, by the run's text log",
        CTAPIPE + "config_repr": "the configuration as Python prints it, where only a text log has "
        "it",
        CTAPIPE + "record": "what else the activity's record says, as JSON",
        CTAPIPE + "file_record": "what else the record of an input or output says, as JSON",
        CTAPIPE + "url": "the URL of an input or output as recorded, where it is not the path",
        LSTOSA
        + "activity": "name of the activity, on what it generated: an output of the whole run "
        "is one version for all activities of one session and name",
        LSTOSA + "activity_id": "the six hexadecimal digits that name an activity in its session",
        LSTOSA + "agent_name": "account name, as a start record has it",
        LSTOSA + "arguments": "the command line, quoted as for a shell",
        LSTOSA + "calibration_run": "number of the run that calibrations are made from",
        LSTOSA + "class": "class whose methods are traced (logprov)",
        LSTOSA + "config_file": "configuration file of the pipeline",
        LSTOSA + "config_file_path_md5": "MD5 of the path of the configuration file; no hash of "
        "its content",
        LSTOSA + "definitions": "descriptions of activities and entities as JSON",
        LSTOSA + "describes": "what a description is one of: activity or entity",
        LSTOSA + "description": "description in words",
        LSTOSA + "entity_id": "recorded id of a file, where it is neither its path's MD5 nor "
        "its hash",
        LSTOSA + "entry": "the entry of a .history file as it is written",
        LSTOSA + "executable": "interpreter or program",
        LSTOSA + "exit_code": "exit code of the program (.history)",
        LSTOSA + "file": "name of a file in a .history entry: input, output or configuration, "
        "which is not told",
        LSTOSA + "file_record": "what else the record of an entity says, as JSON",
        LSTOSA + "filepath": "the path as recorded, where it is not the absolute one",
        LSTOSA + "generation_role": "role of something that a described activity generates",
        LSTOSA + "hash": "hash as recorded, which is not that of the path: logprov's of the "
        "content, or one that does not fit",
        LSTOSA + "hash_type": "algorithm of the hash",
        LSTOSA + "module": "module of the traced class (logprov)",
        LSTOSA + "n_cpus": "processors of the host",
        LSTOSA + "name": "what the definitions call it: R0SubrunDataset",
        LSTOSA + "node": "host name (system.platform.node)",
        LSTOSA + "parameters": "the parameters as JSON: on an activity as recorded; on a plan "
        "without those that name the observation",
        LSTOSA + "path_md5": "MD5 of the path, by which lstosa names files; no hash of the content",
        LSTOSA + "pedestal_run": "number of the run that pedestals are made from",
        LSTOSA + "record": "what else a record says, as JSON",
        LSTOSA + "script": "script that ran the activity",
        LSTOSA
        + "part": "number of the subrun that an activity worked on, on what it generated; of "
        "calibrations, which have no subruns, 0",
        LSTOSA
        + "run_wise": "true on an activity that a merged record tells of: it stands for those "
        "of all subruns",
        LSTOSA + "session": "id of the session: date and run, or a number; on what was generated "
        "always date and run, or the two runs of a calibration, where they are known",
        LSTOSA + "session_record": "what else a session's record says, as JSON",
        LSTOSA + "session_tag": "activity and run, as every record of lstosa repeats them",
        LSTOSA + "size": "number of files in a set of files",
        LSTOSA + "software_version": "version of lstchain, as a session's record has it",
        LSTOSA + "system": "the system record as JSON: platform, python, packages, environment",
        LSTOSA + "type": "type in the definitions: File, SetCollection, PythonObject",
        LSTOSA + "use_role": "role of something that a described activity uses",
        LSTOSA + "user": "account name (environment.USER)",
        LSTOSA + "variable": "Python variable that held the object (logprov)",
        LSTOSA + "version": "version of the software that an agent is",
        OPENLINEAGE + "namespace": "namespace of a dataset, as OpenLineage names it",
        OPENLINEAGE + "name": "name of a dataset within its namespace",
        OPENLINEAGE + "dataset_version": "version of a dataset, as the system that holds it counts",
        OPENLINEAGE + "status": "how far a run is: START, RUNNING, COMPLETE, FAIL or ABORT",
        OPENLINEAGE + "job_namespace": "namespace of the job that a run is of",
        OPENLINEAGE + "job_name": "name of the job within its namespace",
        OPENLINEAGE + "nominal_start": "start of the time that a run is about (not when it ran)",
        OPENLINEAGE + "nominal_end": "end of the time that a run is about",
        OPENLINEAGE + "error_message": "why a run failed",
        OPENLINEAGE + "stack_trace": "where in the code a run failed",
        OPENLINEAGE + "producer": "the software that wrote the event, where it gives no URI",
        OPENLINEAGE + "sql": "the query that a run executed",
        OPENLINEAGE + "source_code_url": "where the job's code is",
        OPENLINEAGE + "source_code_repository": "repository of the job's code",
        OPENLINEAGE + "source_code_path": "path of the job's code in its repository",
        OPENLINEAGE + "source_code_version": "version of the job's code: a commit, mostly",
        OPENLINEAGE + "source_code_tag": "tag of the job's code",
        OPENLINEAGE + "source_code_branch": "branch of the job's code",
        OPENLINEAGE + "relation": "how runs, or a job and a dataset, have to do with one another: "
        "parent, upstream, downstream, or design (no run is known)",
    }
)
"""Attributes that importers and identity write themselves: IRI -> one sentence for users.

CTA reference metadata keep their own names under ``cta:`` and are described by CTA's data model; so
do FITS keywords and ECSV metadata under ``fits:``, facets under ``openlineage:``, terms of
schema.org under ``schema:``, and under ``gocart:`` what LVK's notices say of an event (``far``,
``classification_BNS``, ``properties_HasNS``, ...) and what gocart computes (``area90``,
``central_equatorial``, ...).
"""
