"""The repository that tests of the loopback Hub push to, and the weights in it."""

MODEL = "minsu/talk"
WEIGHTS = bytes(range(256)) * 400  # 102,400 bytes, a large object by its name
