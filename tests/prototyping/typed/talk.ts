// What a TypeScript program does with the package: compiled with `tsc --strict`, then run in Node.
import { connect, createCaller, createPatience, Refusal, type Chat, type Event, type Message } from 'fireside';
import * as whole from 'fireside';

const { URL: url = '', TOKEN: token = '' } = process.env;
const fireside = connect({ url, token, WebSocket: await socket() });
const heard: string[] = [];
const types = new Set<Event['type']>();
fireside.on('*', (event) => types.add(event.type));
const end = fireside.on('new_message', ({ chat, message }) => heard.push(`${chat}: ${message.content}`));
await new Promise<void>((resolve) => { fireside.on('live', () => resolve()); });

const chats: Chat[] = await fireside.chats();
const chat = chats[0];
if (!chat) throw new Error('there is no chat');
const first = new Promise<Message>((resolve) => { fireside.on('new_message', ({ message }) => resolve(message)); });
const said: Message = await fireside.send(chat.id, 'Typed', { client_id: 'typed-1' });
const again = await fireside.send(chat.id, 'Typed', { client_id: 'typed-1' });
const edited = await fireside.edit(said.id, 'Typed well');
await fireside.react(said.id, '👍');
const [newest] = await fireside.messages(chat.id, { limit: 1 });
await first;
const refused = await fireside.edit(999_999, 'x').catch((error: unknown) => error);
end();
fireside.close();
// What `connect` is made of, and that the types have every export by its name.
const patience = createPatience();
const me: unknown = await patience.attempt(() => createCaller(token, url).get('/api/auth/me/'));
const exported: Record<keyof typeof whole, true> = {
  HOME: true, Refusal: true, isPassing: true, randomId: true, connect: true, createCaller: true, chatCalls: true,
  createPatience: true, openLine: true, openFeed: true,
};
console.log(JSON.stringify({
  once: said.id === again.id,
  edited: edited.is_edited,
  newest: newest?.content,
  heard,
  refused: refused instanceof Refusal ? refused.status : null,
  hello: types.has('hello'),
  me: (me as { username: string }).username,
  exported: Object.keys(whole).sort().join() === Object.keys(exported).sort().join(),
}));

// A Node before 22 has no WebSocket of its own.
async function socket(): Promise<unknown> {
  return (globalThis as { WebSocket?: unknown }).WebSocket ?? (await import('ws')).default;
}

// What would be a mistake is one.
// @ts-expect-error: an id, not a name
void (() => fireside.send('den', 'hello'));
// @ts-expect-error: there is no such event
void (() => fireside.on('new_massage', () => undefined));
// @ts-expect-error: it may be missing
void (() => fireside.on('presence', ({ last_seen }) => last_seen.length));
// @ts-expect-error: nobody connects without a token
void (() => connect({ url }));
