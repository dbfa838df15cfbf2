MATCH ()-[r:<type>]->()
WHERE $source IN r.sources AND r.statements IS NOT NULL
RETURN r.key AS key, [line IN r.statements WHERE line STARTS WITH $prefix] AS statements
