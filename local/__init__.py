"""Real servers and child processes for a suite that runs on one machine, with nothing installed but wheels.

These modules start, watch and stop programs. They hold no domain words and know none of the services.
"""
