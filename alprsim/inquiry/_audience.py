"""Who can look at whose reads under every policy, as it is written."""

from __future__ import annotations

from alprsim import custody, sight
from alprsim.experiment import World
from alprsim.measures import audience
from alprsim.scenario.read import Loaded
from alprsim.tables import AS_WRITTEN, Measured


def ask(loaded: Loaded, world: World, owners: list[int], *, seed: int, lists: bool) -> Measured:
    """Count the agencies, and their users, that can reach a read of each owner's cameras; with hot lists, one that matched."""
    records = audience.CLASSES if lists else audience.CLASSES[:1]
    policies = []
    for policy in loaded.policies.values():
        access = custody.access(policy.custody, world.agencies, range(len(world.agencies)), records=records[:2])
        users = {name: agency.users for name, agency in policy.custody.agencies.items()}
        policies.append(audience.Policy(policy.name, access, users))
    return audience.rows(
        policies, world.agencies, with_cameras=owners, reads=sight.ALL, retention=AS_WRITTEN, seed=seed, records=records
    )
