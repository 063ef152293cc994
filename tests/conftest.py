"""Before anything else: every Hugging Face client of the tests, here and in child processes, talks to the Hub on loopback."""

pytest_plugins = ["tests.hub_fixtures"]
