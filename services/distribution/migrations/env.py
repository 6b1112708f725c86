"""Alembic's environment for the schema `distribution`."""

from alembic import context

from shared.service.migrations import run_environment

run_environment(context.config)
