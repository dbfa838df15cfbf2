"""Which functions a user's Cypher may call, how far it may go, and why the rest is refused."""

from __future__ import annotations

MAX_DEPTH = 30
"""Brackets inside brackets."""
MAX_CLAUSES = 50
"""Clauses of a query, those of its subqueries included."""
MAX_RELATIONS = 40
"""Relationship patterns of a query."""
MAX_CHAIN = 200
"""Operators, look-ups and labels in one expression; engines walk such chains by recursion."""
MAX_SIGNS = 8
"""NOT, minus and plus signs one after another."""
MAX_HOPS = 12
"""Upper bound of a variable-length pattern."""
MAX_COMPREHENSIONS = 10
"""List and pattern comprehensions of a query."""
MAX_RANGE = 10_000
"""Largest number in the bounds of ``range()``."""
MAX_RANGES = 100_000
"""Product of the lengths of all ``range()`` calls: they can be nested."""
MAX_GROWTH = 10_000
"""How many times longer than its parts a value can become by ``+``, lists and maps.

Each WITH, UNWIND, RETURN and comprehension can repeat the value that the one before it made: a
chain of ``WITH s + s AS s`` doubles at every step. The bound is the product over them of their
number of terms.
"""

CLAUSES = (
    "MATCH, OPTIONAL MATCH, WHERE, WITH, UNWIND, RETURN, ORDER BY, SKIP, OFFSET, LIMIT, UNION"
    " and CALL { ... }"
)
"""For messages."""

_FUNCTION_NAMES = """
count collect sum avg min max stdev stdevp percentilecont percentiledisc
size length nodes relationships labels type properties keys startnode endnode
coalesce exists isempty nullif valuetype
tostring tointeger tofloat toboolean
tostringornull tointegerornull tofloatornull tobooleanornull
tostringlist tointegerlist tofloatlist tobooleanlist
tolower toupper lower upper trim ltrim rtrim btrim substring split replace left right reverse
char_length character_length
head last tail range
abs ceil floor round sign sqrt log log10 exp isnan pi e
date time datetime localtime localdatetime duration timestamp
date.truncate time.truncate datetime.truncate localtime.truncate localdatetime.truncate
datetime.fromepoch datetime.fromepochmillis
duration.between duration.indays duration.inmonths duration.inseconds
"""

FUNCTIONS = frozenset(_FUNCTION_NAMES.split())
"""Lower case. They read their arguments and nothing else, and none makes long values of short
ones, but for `replace` and `range`, which are looked at more closely."""

PREDICATES = frozenset(("all", "any", "none", "single"))
"""``all(x IN list WHERE ...)`` and its kin."""

SHORTEST = frozenset(("shortestpath", "allshortestpaths"))
"""Functions around a pattern."""

SUBQUERIES = frozenset(("EXISTS", "COUNT", "COLLECT"))
"""Words that open a subquery in an expression when a brace follows."""

FUNCTION_ADVICE = {
    "reduce": "It can fill the engine's memory; use sum(), collect() or a comprehension",
    "id": "Numbers of elements change; compare n.key, which does not",
    "elementid": "Ids of elements change; compare n.key, which does not",
    "file": "Queries see the graph and no files",
    "linenumber": "Queries see the graph and no files",
}
"""Lower-case function -> what to do instead."""

_WRITES = "changes data, and the console only reads"
_SCHEMA = "changes the schema or the rights, and the console only reads"
_SERVER = "tells about the server or steers it, and the console only reads the graph"
_PREFIX = "is an order to the engine, and the console runs plain queries"

_WRITING = "CREATE MERGE SET DELETE DETACH NODETACH REMOVE INSERT FOREACH"
_SCHEMA_WORDS = "DROP ALTER GRANT DENY REVOKE RENAME TRUNCATE REBUILD IMPORT BACKUP"
_SERVER_WORDS = "SHOW TERMINATE START STOP ENABLE DEALLOCATE DRYRUN"
_PREFIXES = "EXPLAIN PROFILE CYPHER"

REFUSED_CLAUSES = {
    **dict.fromkeys(_WRITING.split(), _WRITES),
    **dict.fromkeys(_SCHEMA_WORDS.split(), _SCHEMA),
    **dict.fromkeys(_SERVER_WORDS.split(), _SERVER),
    **dict.fromkeys(_PREFIXES.split(), _PREFIX),
    "LOAD": "reads files and addresses outside of the graph",
    "PERIODIC": "commits, and the console only reads",
    "USING": "steers the planner or commits, and the console does neither",
    "USE": "leaves the graph for another one",
    "YIELD": "belongs to a procedure, and procedures are not allowed",
    "FINISH": "gives no rows, and the console only reads",
}
"""Word where a clause is expected -> why it is refused."""

_NEVER = """
CREATE MERGE SET DELETE DETACH NODETACH REMOVE INSERT FOREACH CALL LOAD DROP ALTER GRANT DENY
REVOKE MATCH OPTIONAL WHERE WITH UNWIND RETURN UNION EXPLAIN PROFILE YIELD WHEN THEN ELSE
AND OR XOR NOT IN AS DISTINCT
"""

NEVER_VARIABLES = frozenset(_NEVER.split())
"""Words that are no names of variables unless they stand in back-ticks."""
