// One line of a conversation: a day, where unread begins, a message.
import { attachments } from './attachment.js';
import { avatar, botMark, el, icon, nameOf, skeleton, words } from './dom.js';
import { clock, day, fullTime, t } from './i18n.js';
import { draw, gist, hadVideo } from './markup.js';

export function createRow(row, context) {
  if (row.kind === 'day') return el('div', { className: 'day' }, el('span', { textContent: day(new Date(row.at)) }));
  if (row.kind === 'unread') return el('div', { className: 'unread-line' }, el('span', { textContent: t('unread.line') }));
  if (row.kind === 'note') return el('p', { className: 'note soft', dir: 'auto', textContent: happened(row.note) });
  if (row.kind === 'ghosts') return el('div', {}, skeleton(6).map((bar) => el('div', { className: 'ghost' }, bar)));
  if (row.kind === 'empty') return el('p', { className: 'notice', textContent: t('conversation.empty') });
  if (row.kind === 'failed') return el('div', { className: 'notice lost', role: 'alert' }, el('p', { textContent: t('unloaded') }), el('button', { type: 'button', textContent: t('again'), onclick: context.actions.again }));
  if (row.kind === 'unsent') return unsent(row.item, context);
  return row.message.kind === 'call' ? call(row.message, context) : message(row, context);
}

const happened = ({ kind, actor, user, new_title: title }) => t(`note.${kind}`, { name: nameOf(user ?? actor), actor: nameOf(actor), title });

function message({ message: { id, sender, content, attachments: files = [], reactions = [], reply_to, created_at, is_edited, is_pinned }, grouped, readers }, context) {
  const mine = sender.id === context.me.id;
  const at = new Date(created_at);
  const names = context.names();
  const emojiOnly = content.length < 12 && /^(\p{Extended_Pictographic}|\p{Emoji_Component}|\s)+$/u.test(content) && /\p{Extended_Pictographic}/u.test(content);
  const stamp = el('span', { className: 'stamp', dir: 'ltr' },
    is_pinned && el('span', { className: 'ticks', role: 'img', 'aria-label': t('pinned'), title: t('pinned') }, icon('pin', 13)),
    is_edited && el('span', { textContent: `${t('edited')} ` }),
    el('time', { dateTime: created_at, title: fullTime(at), textContent: clock(at) }),
    mine && ticks(readers, context));
  // Its direction is that of its words: what has one of its own does not count.
  const bubble = el('div', { className: emojiOnly ? 'bubble big' : 'bubble', dir: 'auto' },
    !grouped && !mine && !context.direct() && el('b', { className: 'author clip', dir: 'auto' }, nameOf(sender), botMark(sender)),
    reply_to && quote(reply_to, context),
    attachments(files, context),
    content && said(id, content, names),
    stamp);
  return el('article', {
    className: `message${mine ? ' mine' : ''}${grouped ? ' grouped' : ''}`,
    tabIndex: -1,
    'data-id': String(id),
    'aria-label': t('message.by', { name: nameOf(sender), time: clock(at) }),
  },
  !mine && !context.direct() && (grouped ? el('span', { className: 'gap' }) : el('button', { type: 'button', className: 'face', tabIndex: -1, 'aria-label': t('card', { name: nameOf(sender) }), onclick: ({ currentTarget }) => context.actions.card(currentTarget, sender) }, avatar(sender, { size: '2.25rem' }))),
  el('div', { className: 'column' }, bubble, reactions.length > 0 && chips(id, reactions, context)));
}

// What a call has left: a quiet line.
function call(message, context) {
  const { id, chat, sender, content, created_at, reactions = [] } = message;
  const video = hadVideo(content);
  const at = new Date(created_at);
  return el('article', { className: 'message called', tabIndex: -1, 'data-id': String(id), 'aria-label': t('message.by', { name: nameOf(sender), time: clock(at) }) },
    el('div', { className: 'column' },
      el('div', { className: 'bubble quiet' }, icon(video ? 'video' : 'phone', 16),
        el('span', {}, !context.direct() && el('bdi', { textContent: `${nameOf(sender)}: ` }), el('span', { className: 'content', textContent: gist(message, context.me) })),
        el('time', { dateTime: created_at, title: fullTime(at), textContent: clock(at) }),
        el('button', { type: 'button', className: 'plain', textContent: t(sender.id === context.me.id ? 'call.again' : 'call.back'), onclick: () => context.actions.call(chat, video) })),
      reactions.length > 0 && chips(id, reactions, context)));
}

// What is long is folded, and unfolded for good by whoever reads it.
const LONG = 1_600; // characters
const LINES = 20;
const unfolded = new Set();
function said(id, content, names) {
  const node = el('div', { className: 'content' }, draw(content, names));
  if (unfolded.has(id) || (content.length <= LONG && content.split('\n', LINES + 1).length <= LINES)) return node;
  node.classList.add('folded');
  const more = el('button', { type: 'button', className: 'plain unfold', textContent: t('unfold'), onclick: () => { unfolded.add(id); node.classList.remove('folded'); more.remove(); } });
  return [node, more];
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
      el('div', { className: 'bubble', dir: 'auto' },
        item.attachments.map((file) => el('div', { className: 'soft words', dir: 'auto', textContent: file.name })),
        item.content && el('div', { className: 'content' }, draw(item.content)),
        el('span', { className: 'stamp', dir: 'ltr' }, el('span', { role: 'img', 'aria-label': t(failed ? 'message.failed' : 'message.sending') }, icon(failed ? 'warn' : 'clock', 14)))),
      failed && el('div', { className: 'row end' }, el('span', { className: 'refused', textContent: words(item.error) }),
        el('button', { type: 'button', className: 'plain', textContent: t('again'), onclick: () => actions.retry(item) }),
        el('button', { type: 'button', className: 'plain', textContent: t('discard'), onclick: () => actions.discard(item) }))));
}

function quote(id, context) {
  const node = el('button', { type: 'button', className: 'quote', dir: 'ltr', onclick: () => context.actions.jump(id) });
  const original = context.find(id);
  const fill = (message) => node.replaceChildren(...(message
    ? [el('b', { className: 'clip', dir: 'auto', textContent: nameOf(message.sender) }), el('span', { className: 'clip', dir: 'auto', textContent: gist(message, context.me) })]
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
    return el('button', { type: 'button', className: 'chip', 'data-emoji': emoji, 'aria-pressed': String(own), title: who, onclick: () => context.actions.react(id, emoji) }, emoji, el('span', { textContent: String(count) }), el('span', { className: 'unseen', textContent: ` ${who}` }));
  }));
}
