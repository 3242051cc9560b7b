// One line of a conversation: a day, where unread begins, a message.
import { avatar, el, icon, nameOf } from './dom.js';
import { clock, day, fullTime, size, t } from './i18n.js';
import { draw } from './markup.js';

export function createRow(row, context) {
  if (row.kind === 'day') return el('div', { className: 'day' }, el('span', { textContent: day(new Date(row.at)) }));
  if (row.kind === 'unread') return el('div', { className: 'unread-line' }, el('span', { textContent: t('unread.line') }));
  return row.kind === 'unsent' ? unsent(row.item, context) : message(row, context);
}

function message({ message: { id, sender, content, attachments = [], reactions = [], reply_to, created_at, is_edited }, grouped, readers }, context) {
  const mine = sender.id === context.me.id;
  const at = new Date(created_at);
  const names = context.names();
  const emojiOnly = content.length < 12 && /^(\p{Extended_Pictographic}|\p{Emoji_Component}|\s)+$/u.test(content) && /\p{Extended_Pictographic}/u.test(content);
  const stamp = el('span', { className: 'stamp' },
    is_edited && el('span', { textContent: `${t('edited')} ` }),
    el('time', { dateTime: created_at, title: fullTime(at), textContent: clock(at) }),
    mine && ticks(readers, context));
  const bubble = el('div', { className: emojiOnly ? 'bubble big' : 'bubble' },
    !grouped && !mine && !context.direct() && el('b', { className: 'author clip', textContent: nameOf(sender) }),
    reply_to && quote(reply_to, context),
    attachments.map((file) => attachment(file, context)),
    content && el('div', { className: 'content' }, draw(content, names)),
    stamp);
  return el('article', {
    className: `message${mine ? ' mine' : ''}${grouped ? ' grouped' : ''}`,
    tabIndex: -1,
    'data-id': String(id),
    'aria-label': t('message.by', { name: nameOf(sender), time: clock(at) }),
  },
  !mine && !context.direct() && (grouped ? el('span', { className: 'gap' }) : avatar(sender, { size: '2.25rem' })),
  el('div', { className: 'column' }, bubble, reactions.length > 0 && chips(id, reactions, context)));
}

function ticks(readers, context) {
  const ids = readers ? readers.split(',').map(Number) : [];
  const label = ids.length ? t('read.by', { names: ids.map(context.userName).join(', ') }) : t('message.sent');
  return el('span', { className: ids.length ? 'ticks read' : 'ticks', role: 'img', 'aria-label': label, title: label }, icon(ids.length ? 'checks' : 'check', 15));
}

function unsent(item, { actions }) {
  const failed = Boolean(item.error);
  return el('article', { className: `message mine unsent${failed ? ' failed' : ''}`, tabIndex: -1, 'data-client': item.client_id },
    el('div', { className: 'column' },
      el('div', { className: 'bubble' },
        item.attachments.map((file) => el('div', { className: 'soft', textContent: file.name })),
        item.content && el('div', { className: 'content' }, draw(item.content)),
        el('span', { className: 'stamp' }, el('span', { role: 'img', 'aria-label': t(failed ? 'message.failed' : 'message.sending') }, icon(failed ? 'warn' : 'clock', 14)))),
      failed && el('div', { className: 'row end' }, el('span', { className: 'refused', textContent: item.error }),
        el('button', { type: 'button', className: 'plain', textContent: t('again'), onclick: () => actions.retry(item) }),
        el('button', { type: 'button', className: 'plain', textContent: t('discard'), onclick: () => actions.discard(item) }))));
}

function quote(id, context) {
  const node = el('button', { type: 'button', className: 'quote', onclick: () => context.actions.jump(id) });
  const original = context.find(id);
  const fill = (message) => node.replaceChildren(...(message
    ? [el('b', { className: 'clip', textContent: nameOf(message.sender) }), el('span', { className: 'clip', textContent: message.content || message.attachments?.[0]?.name || '' })]
    : [el('span', { className: 'soft', textContent: t('message.gone') })]));
  if (original) fill(original);
  else {
    node.textContent = '…';
    context.fetch(id).then(fill, () => fill(null));
  }
  return node;
}

function chips(id, reactions, context) {
  return el('div', { className: 'chips', role: 'group', 'aria-label': t('reactions') }, reactions.map(({ emoji, count, users }) => {
    const own = users.includes(context.me.id);
    const who = users.map(context.userName).join(', ');
    return el('button', { type: 'button', className: 'chip', 'aria-pressed': String(own), title: who, onclick: () => context.actions.react(id, emoji) }, emoji, el('span', { textContent: String(count) }), el('span', { className: 'unseen', textContent: ` ${who}` }));
  }));
}

// The bytes need the token, so they are fetched and shown from memory; the box
// for a picture has its size before the picture is there.
function attachment(file, context) {
  const { name, content_type: type = '', url } = file;
  if (/^image\/(png|jpe?g|gif|webp|avif|bmp)$/.test(type)) {
    const frame = el('button', { type: 'button', className: 'picture skeleton', 'aria-label': t('picture', { name }), onclick: () => context.actions.show(file) });
    if (file.width && file.height) {
      // What a header says is its sender's word: a strip or a tower is shown in a usable box.
      frame.style.aspectRatio = String(Math.min(3, Math.max(0.6, file.width / file.height)));
      frame.style.setProperty('--width', `${Math.max(96, file.width)}px`);
    }
    context.bytes(url).then((source) => {
      frame.append(el('img', { src: source, alt: name }));
      frame.classList.remove('skeleton');
    }, () => frame.replaceChildren(el('span', { className: 'soft', textContent: t('picture.failed', { name }) })));
    return frame;
  }
  if (/^(audio|video)\//.test(type)) {
    const kind = type.slice(0, 5);
    const player = el(kind, { controls: true, preload: 'none', className: 'player', 'aria-label': name });
    context.bytes(url).then((source) => { player.src = source; }, () => {});
    return el('div', {}, player, card(file, context));
  }
  return card(file, context);
}

function card(file, context) {
  return el('button', { type: 'button', className: 'file', title: t('file.save', { name: file.name }), onclick: () => context.actions.save(file) },
    icon('file'), el('span', { className: 'grow' }, el('span', { className: 'clip', textContent: file.name }), el('small', { textContent: size(file.size) })));
}
