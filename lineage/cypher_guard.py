"""What a user's Cypher may do: read the graph, within bounds.

A list of what is allowed, not of what is forbidden: the query is cut into tokens that no engine
can cut otherwise (`lineage.cypher_tokens`) and read by a grammar without writing clauses or
procedures (`lineage.cypher_grammar`), with the functions and bounds of `lineage.cypher_words`.
Engines let readers do more than read, so this has to hold alone.

It bounds the size of the values that a query builds out of nothing, not the work that the graph
makes: products of MATCH, long lists out of the data and slow plans are for the store's time-out
and its caps on rows and bytes.
"""

from __future__ import annotations

from lineage.cypher_grammar import Grammar


def check(query: str) -> None:
    """Passes a query that only reads, as it stands.

    Raises:
        QueryRefused: it says what is not allowed, where (line and column), and what would be.
    """
    Grammar(query).read()
