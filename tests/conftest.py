"""Before anything else: every Hugging Face client of the tests, here and in child processes, talks to the Hub on loopback.

Properties are tried with the same examples each time, and none fails because a machine was busy.
"""

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.hub_fixtures"]

settings.register_profile(
    "same everywhere", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("same everywhere")
