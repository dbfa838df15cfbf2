MATCH (s:Source)
RETURN s.key AS key, s.paths AS paths, s.importer AS importer,
  s.importer_version AS importer_version, s.size_bytes AS size_bytes, s.records AS records,
  s.skipped AS skipped, s.recorded_at AS recorded_at, s.complete AS complete,
  s.content AS content, s.mark_offset AS mark_offset, s.mark_state AS mark_state,
  s.records_before AS records_before, s.skipped_before AS skipped_before,
  s.written AS written
