"""Who can look at whose reads under every policy, as it is written."""

from __future__ import annotations

from alprsim import custody, sight
from alprsim.experiment import World
from alprsim.measures import audience
from alprsim.scenario.read import Loaded
from alprsim.tables import AS_WRITTEN, Measured, RecordClass


def ask(loaded: Loaded, world: World, owners: list[int], *, seed: int) -> Measured:
    """Count the agencies, and their users, that can reach a read of each owner's cameras."""
    policies = []
    for policy in loaded.policies.values():
        access = custody.access(policy.custody, world.agencies, range(len(world.agencies)), records=[RecordClass.PLAIN])
        users = {name: agency.users for name, agency in policy.custody.agencies.items()}
        policies.append(audience.Policy(policy.name, access, users))
    return audience.rows(
        policies, world.agencies, with_cameras=owners, reads=sight.ALL, retention=AS_WRITTEN, seed=seed
    )
