"""The lineage explorer's library: PROV records, identity, stores, queries and exports.

No source format (see ``importers``) and no web page (see ``webapp``) is known here.
"""

__version__ = "0.1.0"
