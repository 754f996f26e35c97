"""The two SQLite files: reports.db (as received) and register.db (machines, tokens; assets and money to come)."""
