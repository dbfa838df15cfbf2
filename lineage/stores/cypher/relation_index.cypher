CREATE INDEX <type>_<property> IF NOT EXISTS FOR ()-[r:<type>]-() ON (r.<property>)
