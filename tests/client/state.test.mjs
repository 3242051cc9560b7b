// The pure parts of the client: its state, its markup, its texts.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

// The client's folder is no package, so that node has to be told what it holds.
async function module(path) {
  let code = await readFile(new URL(`../../static/js/${path}`, import.meta.url), 'utf8');
  code = code.replace(/^import .*$/gm, '');
  return import(`data:text/javascript,${encodeURIComponent(code)}`);
}
const { addresses, createStore, isTold, mentionTotal, moved, nothing, reduce, rows, sortedChats, stillUnsent, unreadTotal } = await module('state.js');
const { parse } = await module('markup.js');
const { byTalk } = await module('complete.js');
const { called } = await module('mentions.js');
const { isQuiet } = await module('quiet.js');

const me = { id: 1, username: 'ann' };
const bob = { id: 2, username: 'bob' };
const said = (id, sender = bob, more = {}) => ({ id, content: `m${id}`, sender, created_at: new Date(1e12 + id * 1000).toISOString(), read_by: [sender.id], reactions: [], ...more });
const start = [{ type: 'known', me }, { type: 'chats', chats: [{ id: 7, chat_type: 'dm', title: 'bob', unread_count: 0, members: [me, bob], last_message: null }] }];
const after = (...events) => [...start, ...events].reduce(reduce, nothing);
const page = (messages, more = false) => ({ type: 'history', chat: 7, messages, part: 'newest', more });
const ids = (state) => state.logs[7].messages.map(({ id }) => id);

test('a message that comes twice is there once, and in its place', () => {
  const last = { type: 'chat', chat: { id: 7, last_message: said(3) } };
  const state = after(last, page([said(3), said(1)]), { type: 'new_message', chat: 7, message: said(2) }, { type: 'new_message', chat: 7, message: said(4), seq: 9 }, { type: 'new_message', chat: 7, message: said(4), seq: 9 });
  assert.deepEqual(ids(state), [1, 2, 3, 4]);
  assert.equal(state.seq, 9);
  assert.equal(state.chats[7].unread_count, 1);
});

test('what is told while a page is on its way is not lost by it', () => {
  const told = (id) => ({ type: 'new_message', chat: 7, message: said(id), seq: id });
  const open = { type: 'opened', chat: 7 };
  // A page that was asked for after `before`, and comes after `meanwhile` as it was before that.
  const late = (before, meanwhile, messages) => {
    const known = after(open, ...before);
    return [...meanwhile, { ...page(messages), asked: known.logs[7]?.messages ?? [] }].reduce(reduce, known);
  };
  assert.deepEqual(ids(late([], [told(1)], [])), [1], 'of one that was not looked at before');
  assert.deepEqual(ids(late([page([])], [told(2)], [said(1)])), [1, 2], 'of one that was');
  const edited = { type: 'message_updated', chat: 7, message: said(1, bob, { content: 'new' }), seq: 7 };
  assert.equal(late([page([said(1)])], [edited], [said(1)]).logs[7].messages[0].content, 'new');
  const read = late([page([said(1)])], [], [said(1, bob, { read_by: [1, 2] })]);
  assert.deepEqual(read.logs[7].messages[0].read_by, [1, 2], 'what was known before is as the page has it');
  assert.deepEqual(ids(late([page([said(9)])], [], [said(1)])), [1], 'and what it has not is gone');
  assert.equal(after(told(1)).logs[7], undefined, 'one that nobody looks at');
});

test('an edit of what is not loaded does not make a hole', () => {
  const state = after(page([said(50), said(51)], true), { type: 'message_updated', chat: 7, message: said(3) });
  assert.deepEqual(ids(state), [50, 51]);
});

test('a deleted message is gone, and the unread line moves on', () => {
  const state = after({ type: 'chat', chat: { id: 7, unread_count: 2 } }, page([said(1), said(2)]), { type: 'message_deleted', chat: 7, message_id: 1 });
  assert.deepEqual(ids(state), [2]);
  assert.equal(state.logs[7].unreadFrom, 2);
});

test('reading elsewhere clears the badge', () => {
  const state = after({ type: 'new_message', chat: 7, message: said(5) }, { type: 'read', chat: 7, user_id: 1, message_id: 5 });
  assert.equal(unreadTotal(state), 0);
});

test('what is mute counts nowhere, until it is over', () => {
  const heard = { type: 'new_message', chat: 7, message: said(1) };
  const notify = (level, muted_until = null) => ({ type: 'chat', chat: { id: 7, notify: { level, muted_until } } });
  const total = (...events) => unreadTotal(after(...events, heard));
  assert.deepEqual([total(), total(notify('all')), total(notify('mentions')), total(notify('nothing')), total(notify('all', 'forever'))], [1, 1, 1, 0, 0]);
  const muted = notify('all', '2026-01-01T00:00:00Z');
  const end = Date.parse('2026-01-01T00:00:00Z');
  assert.equal(total(muted, { type: 'unmuted', now: end - 1 }), 0);
  assert.equal(total(muted, { type: 'unmuted', now: end }), 1);
  assert.equal(total(notify('all', 'forever'), { type: 'unmuted', now: end }), 0);
  assert.equal(total(notify('nothing', '2026-01-01T00:00:00Z'), { type: 'unmuted', now: end }), 0);
});

test('of a message is told who the level and the mute let be told, as the server has it', () => {
  const told = (level, muted_until = null) => [false, true].map((addressed) => isTold({ notify: { level, muted_until } }, addressed));
  assert.deepEqual(told('all'), [true, true]);
  assert.deepEqual(told('mentions'), [false, true]);
  assert.deepEqual(told('nothing'), [false, false]);
  for (const level of ['all', 'mentions', 'nothing']) assert.deepEqual(told(level, 'forever'), [false, false]);
});

test('mentions and answers count until they are read, and one\'s own never', () => {
  const state = after(page([said(1, me), said(2)]));
  const is = (more, sender = bob) => addresses(state, 7, said(9, sender, more));
  assert.deepEqual([is({}), is({ mentions: [1] }), is({ mentions: [2] }), is({ mentions_all: true })], [false, true, false, true]);
  assert.deepEqual([is({ reply_to: 1 }), is({ reply_to: 2 }), is({ reply_to: 3 })], [true, false, undefined]);
  assert.deepEqual([is({ mentions: [1] }, me), is({ mentions_all: true }, me)], [false, false]);
  const count = (...events) => events.reduce(reduce, state).chats[7].mention_count ?? 0;
  const heard = (id, more, sender) => ({ type: 'new_message', chat: 7, message: said(id, sender, more) });
  assert.equal(count(heard(9, { mentions: [1], reply_to: 1 }), heard(10, { mentions: [1] }), heard(11, {}), heard(12, { mentions: [1] }, me)), 2);
  assert.equal(count(heard(9, { mentions: [1] }), heard(9, { mentions: [1] })), 1, 'told twice');
  assert.equal(count(heard(9, { mentions: [1] }), { type: 'read', chat: 7, user_id: 1, message_id: 9 }), 0);
});

test('what is being sent is shown once, whichever comes first, the echo or the answer', () => {
  const item = { client_id: 'x', chat: 7, content: 'm9', attachments: [], after: 3, tried: true };
  const waiting = after(page([said(3)]), { type: 'queued', item });
  assert.equal(stillUnsent(waiting, 7).length, 1);
  const echoed = reduce(waiting, { type: 'new_message', chat: 7, message: said(9, me) });
  assert.equal(stillUnsent(echoed, 7).length, 0);
  const answered = reduce(echoed, { type: 'sent', client_id: 'x', chat: 7, message: said(9, me) });
  assert.deepEqual(ids(answered), [3, 9]);
  assert.equal(rows(answered, 7, 0, 2).filter(({ kind }) => kind !== 'day').length, 2);
});

test('bubbles are grouped, days and unread are marked', () => {
  const state = after({ type: 'chat', chat: { id: 7, unread_count: 1 } }, page([said(1, bob, { read_by: [1, 2] }), said(2, bob, { read_by: [1, 2] }), said(90_000_000)]));
  assert.deepEqual(rows(state, 7, 0, 3).map(({ kind, grouped }) => (grouped ? 'grouped' : kind)), ['day', 'message', 'grouped', 'day', 'unread', 'message']);
});

test('the window stays inside the log', () => {
  assert.deepEqual(moved({ from: 0 }, 1000, -60, 160), { from: 0, to: 160 });
  assert.deepEqual(moved({ from: 900 }, 1000, 60, 160), { from: 840, to: 1000 });
  assert.deepEqual(moved({ from: Infinity }, 10, 0, 160), { from: 0, to: 10 });
});

test('the newest activity is first', () => {
  const state = after({ type: 'chat', chat: { id: 8, title: 'b', created_at: '2020', last_message: null } }, { type: 'new_message', chat: 7, message: said(1) });
  assert.deepEqual(sortedChats(state).map(({ id }) => id), [8, 7]);
});

test('nobody writes any more whose message has come, in a chat that was never opened too', () => {
  const state = after({ type: 'typing', chat: 7, user_id: 2, is_typing: true }, { type: 'new_message', chat: 7, message: said(1) });
  assert.deepEqual(state.typing[7], []);
  assert.equal(state.logs[7], undefined);
});

test('what is said before a chat has loaded is shown, and leaves no broken log', () => {
  const item = { client_id: 'x', chat: 7, content: 'early', attachments: [], after: 0, tried: true };
  const state = after({ type: 'queued', item }, { type: 'unreadFrom', chat: 7, id: null });
  assert.deepEqual(rows(state, 7, 0, 0).map(({ kind }) => kind), ['ghosts', 'unsent']);
  const failed = reduce(state, { type: 'failed', chat: 7, failed: true });
  assert.deepEqual(rows(failed, 7, 0, 0).map(({ kind }) => kind), ['failed', 'unsent']);
  const loaded = reduce(failed, page([said(1)]));
  assert.deepEqual(rows(loaded, 7, 0, 1).map(({ kind }) => kind), ['day', 'message', 'unsent']);
});

test('a view that fails keeps no other from hearing', () => {
  const store = createStore(nothing);
  const heard = [];
  const thrown = [];
  const { queueMicrotask: real } = globalThis;
  globalThis.queueMicrotask = (act) => { try { act(); } catch (error) { thrown.push(error.message); } };
  store.subscribe(() => { throw new Error('broken view'); });
  store.subscribe((state) => heard.push(state.link));
  store.tell({ type: 'link', link: 'live' });
  globalThis.queueMicrotask = real;
  assert.deepEqual([heard, thrown], [['live'], ['broken view']]);
});

test('markup knows links, code and names, and nothing else', () => {
  const kinds = (text) => parse(text, new Set(['bob'])).map(({ kind, text: words }) => `${kind}:${words}`);
  assert.deepEqual(kinds('see https://a.example/x_(y)). ok'), ['text:see ', 'link:https://a.example/x_(y)', 'text:). ok']);
  assert.deepEqual(kinds('`<b>` @bob, @eve'), ['code:<b>', 'text: ', 'mention:@bob', 'text:, @eve']);
  assert.deepEqual(kinds('a\n```js\nx\n```\nb'), ['text:a', 'block:x', 'text:b']);
  assert.deepEqual(kinds('javascript:alert(1) <img>'), ['text:javascript:alert(1) <img>']);
});

test('both languages say everything, with the same holes', async () => {
  const words = async (language) => Object.assign({}, ...(await Promise.all([module(`i18n/${language}.js`), module(`i18n/${language}.admin.js`)])).map((each) => each.default));
  const [en, ru] = [await words('en'), await words('ru')];
  assert.deepEqual(Object.keys(ru).sort(), Object.keys(en).sort());
  const holes = (text) => [...new Set(JSON.stringify(text).match(/\{\w+\}/g))].sort();
  for (const key of Object.keys(en)) {
    assert.deepEqual(holes(ru[key]), holes(en[key]), key);
    if (typeof ru[key] === 'object') assert.deepEqual(Object.keys(ru[key]), ['one', 'few', 'many', 'other'], key);
  }
});

test('who is there is what was told last, whichever way it came', () => {
  const asked = after().heard;
  const chat = (online, call = []) => ({ id: 7, chat_type: 'dm', title: 'bob', members: [me, { ...bob, online }], call });
  const told = after({ type: 'presence', user_id: 2, online: false }, { type: 'call', chat: 7, participants: [2] });
  // An answer to a question from before the frames is older than they are.
  const stale = reduce(told, { type: 'chats', chats: [chat(true)], asked });
  assert.equal(stale.presence[2].online, false);
  assert.deepEqual(stale.calls[7].users, [2]);
  const fresh = reduce(told, { type: 'chat', chat: chat(true), asked: told.heard });
  assert.equal(fresh.presence[2].online, true);
  assert.deepEqual(fresh.calls[7].users, []);
});

test('who came and went stands between the messages of its time, on its day', () => {
  const at = (seconds, days = 0) => new Date(1e12 + days * 86_400_000 + seconds * 1000).toISOString();
  const lines = [[1, at(0)], [2, at(2.5)], [3, at(3, 1)], [4, at(9, 2)]].map(([id, created_at]) => ({ id, created_at }));
  const state = after(page([said(1), said(2), said(3), said(4, bob, { created_at: at(4, 2) })]), { type: 'happened', chat: 7, lines });
  const keys = (of, from, to) => rows(of, 7, from, to).map(({ key, grouped }) => (grouped ? `${key}+` : key)).join(' ');
  assert.equal(keys(state, 0, 4), 'dn1 n1 m1 m2+ n2 m3 dn3 n3 d4 m4 n4');
  // A part of the log has those of its time, and what is not loaded has none.
  assert.equal(keys(state, 1, 3), 'm2+ n2 m3');
  assert.equal(keys(after(page([said(2)], true), { type: 'happened', chat: 7, lines }), 0, 1), 'd2 m2 n2 dn3 n3 dn4 n4');
  assert.equal(keys(after({ type: 'happened', chat: 7, lines }), 0, 0), 'ghosts');
});

test('an echo that names the draft takes its place, and no other of the same words', () => {
  const item = (client_id) => ({ client_id, chat: 7, content: 'same', attachments: [], after: 3, tried: true });
  const waiting = after(page([said(3)]), { type: 'queued', item: item('a') }, { type: 'queued', item: item('b') });
  const echoed = reduce(waiting, { type: 'new_message', chat: 7, client_id: 'b', message: said(9, me, { content: 'same' }) });
  assert.deepEqual(stillUnsent(echoed, 7).map(({ client_id }) => client_id), ['a']);
});

test('a page that was on its way brings nothing back that was deleted meanwhile', () => {
  const deleted = { type: 'message_deleted', chat: 7, message_id: 2 };
  assert.deepEqual(ids(after(deleted, page([said(3), said(2), said(1)]))), [1, 3]);
  const earlier = { ...page([said(2), said(1)]), part: 'earlier' };
  assert.deepEqual(ids(after(page([said(3)], true), deleted, earlier)), [1, 3]);
});

test('what is fetched ahead of anybody takes the place of nothing', () => {
  const ahead = (messages, more) => ({ type: 'history', chat: 7, messages, part: 'ahead', more });
  const state = after(ahead([said(2), said(1)], true));
  assert.deepEqual([ids(state), state.logs[7].hasEarlier, state.logs[7].loaded], [[1, 2], true, true]);
  assert.deepEqual(ids(after(page([said(5)]), ahead([said(2)], true))), [5]);
  const unread = after({ type: 'chat', chat: { id: 7, unread_count: 2 } }, ahead([said(2), said(1)], false));
  assert.equal(unread.logs[7].unreadFrom, null); // until it is opened
  assert.equal(reduce(unread, page([said(1), said(2)])).logs[7].unreadFrom, 1);
});

test('mentions of what is mute are not counted', () => {
  const chat = (notify) => after({ type: 'chat', chat: { id: 7, mention_count: 2, notify } });
  assert.deepEqual([undefined, { level: 'mentions' }, { level: 'nothing' }, { level: 'all', muted_until: 'forever' }].map((notify) => mentionTotal(chat(notify))), [2, 2, 0, 0]);
});

test('whoever talked last is offered first, and the silent as they stand', () => {
  const members = ['a', 'b', 'c', 'd'].map((username, index) => ({ id: index + 1, username }));
  const by = (...senders) => byTalk(members, senders.map((id, index) => ({ id: index + 1, sender: { id } }))).map(({ username }) => username).join('');
  assert.deepEqual([by(), by(3), by(2, 4), by(4, 2, 4, 9)], ['abcd', 'cabd', 'dbac', 'dbac']);
  assert.equal(members[0].username, 'a'); // they are not moved in the chat itself
});

test('it is quiet by the clock of the zone, over midnight too', () => {
  const at = (time) => new Date(`2026-01-15T${time}:00Z`);
  const night = { from: '22:00', to: '07:00', zone: 'Europe/Berlin' };
  assert.deepEqual(['20:59', '21:00', '23:30', '05:59', '06:00', '12:00'].map((time) => isQuiet(night, at(time))), [false, true, true, true, false, false]);
  const noon = { from: '12:00', to: '13:30', zone: 'Asia/Kolkata' };
  assert.deepEqual(['06:29', '06:30', '07:59', '08:00'].map((time) => isQuiet(noon, at(time))), [false, true, true, false]);
  assert.equal(isQuiet({ from: '00:00', to: '00:01', zone: 'UTC' }, at('00:00')), true);
  assert.equal(isQuiet(null, at('00:00')), false);
  assert.equal(isQuiet({ ...night, zone: 'Nowhere/Atall' }, at('23:30')), false);
});

test('a name is marked where it stands as one, whatever stands before it', () => {
  assert.deepEqual(called('😀 hi @Ann, @anna and @all', 'ann'), [[5, 9], [21, 25]]);
  assert.deepEqual(called('@a.n+b? @axn+b', 'a.n+b'), [[0, 6]]);
  assert.deepEqual(called('nobody', 'ann'), []);
});
