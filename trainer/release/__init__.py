"""From an adapter to a release on the Hub: merge, quantise, verify, describe, push."""
