"""Models in confined processes of their own: everything foreign is read and run there, rules and scores are not."""
