MATCH ()-[r:<type>]->()
WHERE r.key IN $keys
SET r.sources = [s IN r.sources WHERE s <> $source],
  r.declared_by = [s IN r.declared_by WHERE s <> $source],
  r.statements = [line IN r.statements WHERE NOT line STARTS WITH $prefix]
