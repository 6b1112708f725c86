"""The gauntlet service: plays a candidate against opponents and reports the results."""
