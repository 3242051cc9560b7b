// One conversation, for Node and for a browser: Alice says many things while the line
// is bad, Bob listens. What happened is returned as it was, and judged elsewhere.

export async function talk({ connect, url, alice, bob, chat, count, WebSocket, progress = () => {} }) {
  const seen = { refused: 0, lost: 0 };
  const { fetch } = globalThis;
  globalThis.fetch = async (...request) => {
    const response = await fetch(...request);
    if (response.status === 503) seen.refused += 1;
    return response;
  };
  const heard = { alice: [], bob: [] };
  let upto = 0; // the last change that Bob was told
  const come = async (token, ears) => {
    const client = connect({ url, token, WebSocket });
    client.on('lost', () => { seen.lost += 1; });
    client.on('new_message', ({ message }) => ears.push(message.content));
    if (token === bob) client.on('*', ({ seq = 0 }) => { upto = Math.max(upto, seq); });
    await new Promise((resolve) => client.on('live', resolve));
    return client;
  };
  const her = await come(alice, heard.alice);
  const his = await come(bob, heard.bob);

  const sent = await Promise.all(Array.from({ length: count }, async (_, number) => {
    const { id } = await her.send(chat, `message ${number}`);
    progress(number + 1);
    return id;
  }));
  const start = Date.now();
  while ((heard.alice.length < count || heard.bob.length < count) && Date.now() - start < 90_000) await pause(100);
  await pause(500); // whatever came twice would come now

  const stored = [];
  for (let before; ;) {
    const page = await his.messages(chat, { before, limit: 100 });
    stored.unshift(...page.map(({ content }) => content));
    if (!page.length) break;
    before = page[0].id;
  }
  await his.react(sent[0], '👍');
  await his.react(sent[0], '👍'); // it is there already, and stays
  await her.edit(sent[1], 'message 1, edited');
  await her.remove(sent[2]);
  await his.markRead(chat, sent.at(-1));
  const [first, second, next] = (await her.messages(chat, { after: sent[0] - 1, limit: 3 }));
  const after = { reactions: first.reactions.map(({ emoji, users }) => [emoji, users.length]), second: second.content, next: next.content };
  const unread = (await his.chats()).find(({ id }) => id === chat).unread_count;
  const talked = { alice: [...heard.alice], bob: [...heard.bob] };
  while (upto <= second.seq) await pause(50); // the deletion, which came behind the edit
  his.close();
  const missed = await comeBack(upto);
  her.close();
  const late = await her.send(chat, 'too late').then(() => 'sent', (error) => error.message);
  return { heard: talked, sent, stored, seen, after, unread, missed, late };

  // Bob is away while Alice writes, edits and deletes; another client of his goes on where the first ended.
  async function comeBack(since) {
    const before = await her.send(chat, 'said and edited');
    await her.send(chat, 'said meanwhile');
    const gone = await her.send(chat, 'said and deleted');
    await her.edit(before.id, 'edited meanwhile');
    await her.edit(sent[3], 'message 3, edited');
    await her.remove(gone.id);
    const client = connect({ url, token: bob, since, WebSocket });
    const told = [];
    const names = new Map([[before.id, 'before'], [gone.id, 'gone'], [sent[3], 'third']]);
    client.on('*', ({ type, message, message_id }) => {
      const id = message?.id ?? (type === 'message_deleted' ? message_id : undefined);
      if (id) told.push(`${type} ${message?.content ?? names.get(id) ?? id}`);
    });
    await new Promise((resolve) => client.on('live', resolve));
    await client.send(chat, 'back again');
    while (!told.includes('new_message back again')) await pause(50);
    await pause(300); // whatever came twice would come now
    client.close();
    return told.sort();
  }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
