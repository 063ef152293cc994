"""Whatever JSON a program might send, made at random: any value, and questions whose parts are any value."""

from hypothesis import strategies as st

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
KEYS = (
    *("model", "messages", "stream", "stop", "seed", "n"),
    *("temperature", "top_p", "max_tokens", "max_completion_tokens", "tools", "response_format", "logprobs"),
)
MESSAGE = st.fixed_dictionaries(
    {}, optional={"role": st.sampled_from(["user", "assistant"]) | JSON, "content": JSON}
)
DOCUMENTS = st.fixed_dictionaries(
    {"model": st.just("persona"), "messages": st.lists(MESSAGE, max_size=4) | JSON},
    optional=dict.fromkeys(KEYS[2:], JSON),
)
