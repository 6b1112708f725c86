"""Frozen revisions of the messaging tables, one module each, called by a revision of every service's own history.

A landed revision never changes, and imports nothing that may: a change of these tables is a new module here and a new revision in
each service's migrations/. `shared/messaging/tables.py` describes what they amount to.
"""
