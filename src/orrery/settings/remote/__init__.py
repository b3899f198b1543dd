"""Settings that a configuration server keeps: Apollo and Nacos."""
