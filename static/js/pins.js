// What is pinned in a chat, as a part of its panel. Where nothing is, there is no such part.
import { createNear } from './attachment.js';
import { el, nameOf } from './dom.js';
import { day, t } from './i18n.js';
import { plainly } from './markup.js';

export function createPins({ api, actions }, chat, close) {
  const list = el('ul', { className: 'pins', 'aria-label': t('pins') });
  const node = el('section', { hidden: true }, el('h3', { textContent: t('pins') }), list);
  const near = createNear(null);

  async function show(cursor = null) {
    const { results, next } = await api.pins(chat, cursor);
    const lines = results.map((message) => el('li', { className: 'person' }, el('button', { type: 'button', className: 'person-open grow', onclick: () => { close(); actions.place(chat, message.id); } },
      el('span', { className: 'grow' }, el('span', { className: 'clip', dir: 'auto', textContent: plainly(message.content) || message.attachments?.[0]?.name || t('a.file') }),
        el('span', { className: 'soft clip', dir: 'auto', textContent: `${nameOf(message.sender)} · ${day(new Date(message.created_at))}` })))));
    if (cursor) list.append(...lines);
    else list.replaceChildren(...lines);
    node.hidden = list.children.length === 0;
    if (next && lines.length) near(lines.at(-1), () => show(next).catch(() => {}));
  }
  show().catch(() => {}); // the panel is good without
  return node;
}
