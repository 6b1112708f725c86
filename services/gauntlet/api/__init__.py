"""The gauntlet service's routes, one file for each noun."""
