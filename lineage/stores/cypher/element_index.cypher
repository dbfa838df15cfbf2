CREATE INDEX <label>_<property> IF NOT EXISTS FOR (n:<label>) ON (n.<property>)
