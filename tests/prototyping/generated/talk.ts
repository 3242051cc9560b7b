// What a program does with the types that `openapi-typescript` makes of the documents: it sends a message through each
// API that sends by REST, and reads it through another. Compiled with `tsc --strict`.
import createClient from 'openapi-fetch';
import type { paths as Directs } from './directs.js';
import type { paths as Inbox } from './inbox.js';
import type { paths as Messaging } from './messaging.js';
import type { paths as Messenger } from './messenger.js';
import type { paths as Rooms } from './rooms.js';

const { URL: url = '', TOKEN: token = '' } = process.env;
const at = (name: string) => ({ baseUrl: `${url}/d/${name}`, headers: { Authorization: `Token ${token}` } });
const directs = createClient<Directs>(at('directs'));
const inbox = createClient<Inbox>(at('inbox'));
const messaging = createClient<Messaging>(at('messaging'));
const messenger = createClient<Messenger>(at('messenger'));
const rooms = createClient<Rooms>(at('rooms'));

// `directs` sends by its socket alone: it opens the chat in which the next two speak.
const opened = await directs.POST('/api/chats/create/', { body: { user_id: 2 } });
await inbox.POST('/api/messages/', { body: { receiver: 'bob', content: 'inbox in TypeScript' } });
await messenger.POST('/messenger/api/chatrooms/{room_name}/messages/', {
  params: { path: { room_name: 'alice_bob' } },
  body: { content: 'messenger in TypeScript' },
});
await messaging.POST('/messages/api/chats/{chat_id}/messages/', {
  params: { path: { chat_id: 1 } },
  body: { content: 'messaging in TypeScript' },
});
await rooms.POST('/api/rooms/{room_id}/messages/', {
  params: { path: { room_id: 1 } },
  body: { content: 'rooms in TypeScript' },
});
const ours = await inbox.GET('/api/messages/', { params: { query: { user: 'bob' } } });
const everybodys = await rooms.GET('/api/rooms/{room_id}/messages/', { params: { path: { room_id: 1 } } });
const chats = await directs.GET('/api/chats/');
console.log(ours.data?.results.map(({ content }) => content));
console.log(everybodys.data?.results.map(({ content }) => content));
console.log(chats.data?.map(({ id }) => id === opened.data?.id));
