"""Turns a chat export into weights on the Hub, and puts the Space online."""
