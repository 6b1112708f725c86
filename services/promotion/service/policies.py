"""The gate policy that candidates of a configuration are played and judged under, as people set it and look at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from services.promotion import repository
from services.promotion.act import Act
from services.promotion.controller import PromotionController
from services.promotion.policy_version import PolicyVersion, of_environment
from services.promotion.promotion_request import PromotionRequest
from services.promotion.service.audit import record
from services.promotion.settings import PromotionSettings
from shared.contract.audit_chain import Actor
from shared.contract.configuration import EVERY_CONFIGURATION
from shared.contract.policy import GatePolicy
from shared.storage.database import Database, Read


class InForce(NamedTuple):
    """A policy that holds, and the version that says so."""

    gates: GatePolicy
    version: PolicyVersion


@dataclass(frozen=True)
class Policies:
    """What a person set for a configuration, and the environment's policy where nobody did."""

    settings: PromotionSettings
    database: Database

    async def in_force(self, tx: Read, configuration: str, games: int | None = None) -> GatePolicy:
        """The gate policy in force, with another number of games if given."""
        return self._of(await self._version(tx, configuration), games).gates

    async def controller(self, tx: Read, configuration: str) -> PromotionController:
        """Who judges a trainer's candidate of a configuration."""
        return self.judge(await self._version(tx, configuration))

    def judge(self, version: PolicyVersion, request: PromotionRequest | None = None) -> PromotionController:
        """Who judges under a version what a request asks for, or a trainer's candidate without one."""
        policy = self._of(version, request.games if request else None).gates
        forced = request is not None and request.is_forced
        return PromotionController(policy, may_skip=forced or policy.skip_games)

    async def issue(self, configuration: str, games: int | None = None) -> InForce:
        """The gate policy in force, remembered under its name."""
        async with self.database.write(quiet=True) as tx:
            found = self._of(await self._version(tx, configuration), games)
            await repository.record_policy(tx, found.gates)
        return found

    async def issue_all(self) -> list[InForce]:
        """The gate policy in force for every configuration of RingRift, and for any other for which one was set."""
        async with self.database.write(quiet=True) as tx:
            newest = {each.configuration: each for each in await repository.newest_policies(tx)}
            keys = dict.fromkeys([*map(str, EVERY_CONFIGURATION), *newest])
            found = [self._of(newest.get(key) or of_environment(key), None) for key in keys]
            for gates in {each.gates.id: each.gates for each in found}.values():
                await repository.record_policy(tx, gates)
        return found

    async def history(self, configuration: str, before: int | None, limit: int) -> list[PolicyVersion]:
        """What people set, newest first."""
        async with self.database.read() as tx:
            return await repository.policy_versions(tx, configuration, limit, before)

    async def set(
        self, configuration: str, gates: GatePolicy | None, by: Actor, reason: str, seen: int | None
    ) -> InForce:
        """Set the policy of a configuration, None for the environment's. What is played under the one before goes stale, and is
        evaluated again. VersionMovedError if another version is in force than was seen."""
        async with self.database.write() as tx:
            await repository.lock_configuration(tx, configuration)
            present = await self._version(tx, configuration)
            present.require_seen(seen)
            if present.gates == gates:
                return self._of(present, None)
            following = PolicyVersion(configuration, present.version + 1, gates, reason, by.name, None)
            await repository.append_policy(tx, following)
            await record(tx, by, _act(following))
            return self._of(await self._version(tx, configuration), None)

    async def _version(self, tx: Read, configuration: str) -> PolicyVersion:
        return await repository.policy_version(tx, configuration) or of_environment(configuration)

    def _of(self, version: PolicyVersion, games: int | None) -> InForce:
        gates = version.gates or self.settings.policy()
        return InForce(gates if games is None else gates.model_copy(update={"games": games}), version)


def _act(version: PolicyVersion) -> Act:
    """The setting of a policy, or going back to the environment's."""
    subject = {"version": version.version, "policy_id": version.gates.id if version.gates else None}
    return Act(version.configuration, "set_policy" if version.gates else "reset_policy", version.reason, subject)
