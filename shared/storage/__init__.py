"""Where things are kept: the database, files, the artifact store."""
