MATCH (s:Schema {key: 'schema'}) RETURN s.unsettled AS unsettled
