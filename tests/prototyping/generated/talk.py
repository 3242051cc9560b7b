"""What a program does with the clients that `openapi-python-client` makes of the documents: it sends a message through each
API that sends by REST, and reads it through another."""

import os

from py_directs import AuthenticatedClient as Directs
from py_directs.api.directs import directs_get_api_chats, directs_post_api_chats_create
from py_directs.models import DirectsPostApiChatsCreateJsonBody
from py_inbox import AuthenticatedClient as Inbox
from py_inbox.api.inbox import inbox_get_api_messages, inbox_post_api_messages
from py_inbox.models import InboxPostApiMessagesJsonBody
from py_messaging import AuthenticatedClient as Messaging
from py_messaging.api.messaging import messaging_post_messages_api_chats_chat_id_messages
from py_messaging.models import MessagingPostMessagesApiChatsChatIdMessagesJsonBody
from py_messenger import AuthenticatedClient as Messenger
from py_messenger.api.messenger import messenger_post_messenger_api_chatrooms_room_name_messages
from py_messenger.models import MessengerPostMessengerApiChatroomsRoomNameMessagesJsonBody
from py_rooms import AuthenticatedClient as Rooms
from py_rooms.api.rooms import rooms_get_api_rooms_room_id_messages, rooms_post_api_rooms_room_id_messages
from py_rooms.models import RoomsPostApiRoomsRoomIdMessagesJsonBody


def client(kind, name):
    url = f"{os.environ['URL']}/d/{name}"
    return kind(base_url=url, token=os.environ["TOKEN"], prefix="Token", raise_on_unexpected_status=True)


# `directs` sends by its socket alone: it opens the chat in which the next two speak.
directs = client(Directs, "directs")
opened = directs_post_api_chats_create.sync(client=directs, body=DirectsPostApiChatsCreateJsonBody(user_id=2))
inbox = client(Inbox, "inbox")
inbox_post_api_messages.sync(client=inbox, body=InboxPostApiMessagesJsonBody(receiver="bob", content="inbox in Python"))
messenger_post_messenger_api_chatrooms_room_name_messages.sync(
    "alice_bob",
    client=client(Messenger, "messenger"),
    body=MessengerPostMessengerApiChatroomsRoomNameMessagesJsonBody(content="messenger in Python"),
)
messaging_post_messages_api_chats_chat_id_messages.sync(
    1,
    client=client(Messaging, "messaging"),
    body=MessagingPostMessagesApiChatsChatIdMessagesJsonBody(content="messaging in Python"),
)
rooms = client(Rooms, "rooms")
rooms_post_api_rooms_room_id_messages.sync(
    1, client=rooms, body=RoomsPostApiRoomsRoomIdMessagesJsonBody(content="rooms in Python")
)
print([message.content for message in inbox_get_api_messages.sync(client=inbox, user="bob").results])
print([message.content for message in rooms_get_api_rooms_room_id_messages.sync(1, client=rooms).results])
print([chat.id == opened.id for chat in directs_get_api_chats.sync(client=directs)])
