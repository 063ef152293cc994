"""Export files -> stream of messages: every KakaoTalk platform, Korean and English, read without growing memory.

    chat = open_chat([Path("KakaoTalkChats.txt")])
    for message in chat.messages():
        …

Formats: `android`, `ios` and `windows` are grammars that `records` reads; `macos` is a csv; `detect` tells them apart.
"""

from trainer.chatlog.export import Export, open_export
from trainer.chatlog.grammar import Format
from trainer.chatlog.lines import Lines
from trainer.chatlog.merge import Chat, merge_exports, open_chat, participants
from trainer.chatlog.message import Kind, Message
from trainer.chatlog.senders import count_senders, find_partner, find_sender

__all__ = [
    "Chat",
    "Export",
    "Format",
    "Kind",
    "Lines",
    "Message",
    "count_senders",
    "find_partner",
    "find_sender",
    "merge_exports",
    "open_chat",
    "open_export",
    "participants",
]
