"""Where the graph is kept: in memory, in the embedded engine, or in Neo4j."""
