MATCH (s:Schema {key: 'schema'})
SET s.unsettled = $unsettled
