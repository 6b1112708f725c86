"""The statement about what is left to play."""

from __future__ import annotations

from sqlalchemy import text

from services.gauntlet.backlog import HEAD_START, SHORT_GAMES, Backlogged
from shared.contract.words import EvaluationState
from shared.storage.database import Read

_LAST = 10
"""So many ended evaluations of a configuration tell what a game of it costs, before an evaluation has games of its own."""
_BACKLOG = text(
    f"""
    with open as (
        select id, configuration, state, requested_at, cpu_seconds, (gates ->> 'games')::int as planned,
            case
                when skip_games then 0
                when previous_digest is not null or state = 'queued' and exists (
                    select from gauntlet.canonical_versions known where known.configuration = evaluations.configuration
                ) then 3
                else 2
            end + jsonb_array_length(panel) - (
                select count(*) from unnest(array['random', 'heuristic', 'previous']) opponent
                where (gates ->> (opponent || '_win_rate'))::float = 0
            ) as opponents,
            (select count(*) from gauntlet.games where evaluation_id = evaluations.id) as played
        from gauntlet.evaluations where state in ('queued', 'running')
    ), cost as (
        select configuration, (
            select sum(cpu_seconds) / nullif(sum(played), 0) from (
                select cpu_seconds, (
                    select sum((each ->> 'games')::int) from jsonb_array_elements(evidence -> 'opponents') each
                ) as played
                from gauntlet.evaluations ended
                where ended.configuration = wanted.configuration and state = 'completed' and cpu_seconds > 0
                order by requested_at desc limit {_LAST}
            ) last
        ) as of_a_game from (select distinct configuration from open) wanted
    )
    select id, configuration, state, greatest(opponents * planned - played, 0)::int,
        greatest(opponents * planned - played, 0) * coalesce(nullif(cpu_seconds, 0) / nullif(played, 0), of_a_game)
    from open join cost using (configuration)
    order by requested_at + case when planned > :short_games then :head_start else interval '0' end, id"""
)


async def backlog(tx: Read) -> list[Backlogged]:
    """What is left of the evaluations that are played or wait to be, in the order in which they are."""
    rows = await tx.execute(_BACKLOG, {"short_games": SHORT_GAMES, "head_start": HEAD_START})
    return [Backlogged(row[0], row[1], EvaluationState(row[2]), row[3], row[4]) for row in rows]
