"""Judges evaluations, keeps the ledger of canonical versions, and is the operator's front door."""
