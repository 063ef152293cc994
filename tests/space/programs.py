"""A program that has a key: what it asks him through the official client.

ask(client, temperature=0.3).choices[0].message.content    # "ㅇㅇ"
"""

from dataclasses import replace

from tests.space.gate import KEY
from tests.space.served import SETTINGS

FOR_PROGRAMS = replace(SETTINGS, api_key=KEY, human_rhythm=True)
HELLO = [{"role": "user", "content": "밥 먹었어?"}]


def ask(client, messages=HELLO, **wishes):
    """What he says to a program."""
    return client.chat.completions.create(model="persona", messages=messages, **wishes)
