//! What a program does with the clients that `openapi-to-rust` makes of the documents: it sends a message through each
//! API that sends by REST, and reads it through another.

mod directs;
mod inbox;
mod messaging;
mod messenger;
mod rooms;

use directs::{DirectsPostApiChatsCreateRequest, DirectsPostApiChatsCreateRequestUserId as UserId};
use inbox::{InboxPostApiMessagesRequest, InboxPostApiMessagesRequestReceiver as Receiver};
use messaging::MessagingPostMessagesApiChatsChatIdMessagesRequest;
use messenger::MessengerPostMessengerApiChatroomsRoomNameMessagesRequest;
use rooms::RoomsPostApiRoomsRoomIdMessagesRequest;

/// Each client is of the same make, and of a type of its own.
macro_rules! client {
    ($api:ident) => {
        $api::HttpClient::new()
            .with_base_url(format!("{}/d/{}", std::env::var("URL")?, stringify!($api)))
            .with_api_key(std::env::var("TOKEN")?)
    };
}

const NONE: Option<&str> = None;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // `directs` sends by its socket alone: it opens the chat in which the next two speak.
    let directs = client!(directs);
    let with_bob = DirectsPostApiChatsCreateRequest { user_id: UserId::Integer(2) };
    let opened = directs.directs_post_api_chats_create(with_bob).await?;
    let inbox = client!(inbox);
    let to_bob = InboxPostApiMessagesRequest::new("inbox in Rust".into(), Receiver::String("bob".into()));
    inbox.inbox_post_api_messages(NONE, to_bob).await?;
    let in_messenger = MessengerPostMessengerApiChatroomsRoomNameMessagesRequest::new("messenger in Rust".into());
    let messenger = client!(messenger);
    messenger.messenger_post_messenger_api_chatrooms_room_name_messages("alice_bob", NONE, in_messenger).await?;
    let mut in_messaging = MessagingPostMessagesApiChatsChatIdMessagesRequest::default();
    in_messaging.content = Some(Some("messaging in Rust".into()));
    client!(messaging).messaging_post_messages_api_chats_chat_id_messages(1, NONE, in_messaging).await?;
    let rooms = client!(rooms);
    let mut in_rooms = RoomsPostApiRoomsRoomIdMessagesRequest::default();
    in_rooms.content = Some(Some("rooms in Rust".into()));
    rooms.rooms_post_api_rooms_room_id_messages(1, NONE, in_rooms).await?;

    let ours = inbox.inbox_get_api_messages(Some("bob"), None, NONE).await?;
    println!("{:?}", ours.results.iter().map(|message| &message.content).collect::<Vec<_>>());
    let everybodys = rooms.rooms_get_api_rooms_room_id_messages(1, None, NONE).await?;
    println!("{:?}", everybodys.results.iter().map(|message| &message.content).collect::<Vec<_>>());
    let chats = directs.directs_get_api_chats().await?;
    println!("{:?}", chats.iter().map(|chat| chat.id == opened.id).collect::<Vec<_>>());
    Ok(())
}
