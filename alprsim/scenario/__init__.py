"""What a scenario may say: YAML read with line numbers, checked all at once, frozen."""

from alprsim.scenario.editor import schema
from alprsim.scenario.errors import Problem, ScenarioError
from alprsim.scenario.models import Policy, Scenario
from alprsim.scenario.read import Loaded, load, loads

__all__ = ["Loaded", "Policy", "Problem", "Scenario", "ScenarioError", "load", "loads", "schema"]
