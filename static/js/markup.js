// The little markup that messages may have: links, `code`, **bold**, *italic*, ~~struck~~,
// @names, quotes, lists and blocks of code. A text becomes a list of parts, and those become
// nodes: whatever is not one of these is text. Strangers write it, so each character is
// looked at a fixed number of times, and nothing nests deeper than the kinds there are.
import { el, toast } from './dom.js';
import { duration, t } from './i18n.js';

const FENCE = '```';
const LANGUAGE = /[\w+-]{0,20}\n/y;
const INLINE = /`([^`\n]+)`|(https?:\/\/[^\s<>"'`]+)|(?<![\p{L}\p{N}_.@-])@([\p{L}\p{N}_.+-]{1,64})|\*+|_+|~+|\n/gu;
const MARKS = { '**': 'bold', '*': 'italic', _: 'italic', '~~': 'struck' };
const WORDLY = /[\p{L}\p{N}]/u;
const ITEM = /^(?:[-*•]|(\d{1,3})[.)]) +(?=\S)/;
const CLOSING = { ')': '(', ']': '[', '}': '{' };

/** Parts: {kind, text} or, of what holds others, {kind, parts}; of a list {kind, from, items}. */
export function parse(text, names) {
  const parts = [];
  let rest = 0;
  for (let open = text.indexOf(FENCE); open >= 0; open = text.indexOf(FENCE, rest)) {
    LANGUAGE.lastIndex = open + FENCE.length;
    const start = LANGUAGE.test(text) ? LANGUAGE.lastIndex : open + FENCE.length;
    let close = text.indexOf(FENCE, start + 1);
    let begin = start;
    if (close < 0 && start > open + FENCE.length) {
      begin = open + FENCE.length; // what looked like a language is the code itself
      close = text.indexOf(FENCE, begin + 1);
    }
    if (close < 0) break;
    add(parts, lines(withoutBreak(text.slice(rest, open)), names));
    parts.push({ kind: 'block', text: withoutBreak(text.slice(begin, close)) });
    rest = close + FENCE.length;
    if (text[rest] === '\n') rest += 1;
  }
  return add(parts, lines(text.slice(rest), names));
}

const withoutBreak = (text) => (text.endsWith('\n') ? text.slice(0, -1) : text);
// As many as there are: a call takes only so many arguments.
function add(parts, more) {
  for (const part of more) parts.push(part);
  return parts;
}

// Quotes and lists are made of whole lines; the lines between them are plain.
function lines(text, names) {
  if (!text) return [];
  const parts = [];
  const plain = [];
  const flush = () => {
    if (plain.length) add(parts, inline(plain.splice(0).join('\n'), names));
  };
  for (const line of text.split('\n')) {
    const item = ITEM.exec(line);
    if (/^>\s?\S/.test(line)) {
      flush();
      quoted(parts, line.replace(/^>\s?/, ''), names);
    } else if (item) {
      flush();
      listed(parts, item[1] && Number(item[1]), inline(line.slice(item[0].length), names));
    } else plain.push(line);
  }
  flush();
  return parts;
}

function quoted(parts, line, names) {
  const said = inline(line, names);
  const last = parts.at(-1);
  if (last?.kind === 'quote') add(last.parts, [{ kind: 'text', text: '\n' }, ...said]);
  else parts.push({ kind: 'quote', parts: said });
}

function listed(parts, from, item) {
  const last = parts.at(-1);
  if (last?.kind === 'list' && Boolean(last.from) === Boolean(from)) last.items.push(item);
  else parts.push({ kind: 'list', from, items: [item] });
}

function inline(text, names) {
  const found = [];
  const open = new Map(); // by mark: where in `found` it stands; each is open once, so depth has an end
  let end = 0;
  const plain = (words) => {
    const last = found.at(-1);
    if (!words) return;
    if (last?.kind === 'text' && !last.mark) last.text += words;
    else found.push({ kind: 'text', text: words });
  };
  INLINE.lastIndex = 0;
  for (let match = INLINE.exec(text); match; match = INLINE.exec(text)) {
    const [whole, code, link, name] = match;
    plain(text.slice(end, match.index));
    end = match.index + whole.length;
    if (code) found.push({ kind: 'code', text: code });
    else if (link) {
      const used = withoutTail(link);
      end = match.index + used.length;
      found.push({ kind: 'link', text: used });
    } else if (name) {
      const known = name.slice(0, lastNot(name, '.+-'));
      end = match.index + 1 + known.length;
      if (names?.has(known.toLowerCase())) found.push({ kind: 'mention', text: `@${known}` });
      else plain(`@${known}`);
    } else if (whole in MARKS) mark(found, open, whole, text[match.index - 1] ?? ' ', text[end] ?? ' ');
    else {
      if (whole === '\n') open.clear(); // a mark holds within its line
      plain(whole);
    }
    INLINE.lastIndex = end;
  }
  plain(text.slice(end));
  return merged(found);
}

// Closes what it fits, or opens: beside a word, on its outer side.
function mark(found, open, whole, before, after) {
  const at = open.get(whole);
  if (at !== undefined && found.length > at + 1 && /\S/.test(before) && !WORDLY.test(after)) {
    for (const [other, place] of open) if (place >= at) open.delete(other); // what opened inside stays text
    const parts = merged(found.splice(at + 1));
    found[at] = { kind: MARKS[whole], parts };
  } else {
    if (at === undefined && /\S/.test(after) && !WORDLY.test(before)) open.set(whole, found.length);
    found.push({ kind: 'text', text: whole, mark: true });
  }
}

function merged(parts) {
  const all = [];
  for (const part of parts) {
    const last = all.at(-1);
    if (part.kind === 'text' && last?.kind === 'text') last.text += part.text;
    else all.push(part.kind === 'text' ? { kind: 'text', text: part.text } : part);
  }
  return all;
}

function lastNot(text, characters) {
  let end = text.length;
  while (end > 0 && characters.includes(text[end - 1])) end -= 1;
  return end;
}

// The full stop of a sentence is not part of the link that ends it, nor is the
// bracket around it.
function withoutTail(link) {
  const count = {};
  for (const each of link) if ('()[]{}'.includes(each)) count[each] = (count[each] ?? 0) + 1;
  let end = link.length;
  for (;;) {
    const last = link[end - 1];
    const opens = CLOSING[last];
    if (opens && (count[opens] ?? 0) < count[last]) count[last] -= 1;
    else if (!'.,:;!?…*~'.includes(last)) return link.slice(0, end);
    end -= 1;
  }
}

// The words alone, for a line that has no room for more.
const LINE = 300; // characters of it
export function plainly(text, most = LINE) {
  const all = (parts) => parts.map((part) => {
    if (part.kind === 'list') return part.items.map((item) => ` ${all(item)} `).join('');
    if (part.kind === 'quote' || part.kind === 'block') return ` ${part.text ?? all(part.parts)} `;
    return part.text ?? all(part.parts);
  }).join('');
  return all(parse(text.slice(0, most))).replace(/\s+/g, ' ').trim();
}

// What a message is where there is one line for it. `me` reads it.
export function gist({ kind, call_seconds: seconds, content, attachments, sender }, me) {
  if (kind === 'call') return t(`call.${seconds ? 'was' : sender.id === me.id ? 'unanswered' : 'missed'}${hadVideo(content) ? '.video' : ''}`, { time: duration(seconds) });
  return plainly(content) || `📎 ${attachments?.[0]?.name ?? t('a.file')}`;
}

// The server's own sentence on a call, which nobody edits, says whether it began with a camera.
export const hadVideo = (content) => /\bvideo\b/i.test(content);

export const draw = (text, names) => nodes(parse(text, names));

const nodes = (parts) => parts.map((part) => MAKE[part.kind]?.(part) ?? document.createTextNode(part.text));

const MAKE = {
  code: ({ text }) => el('code', { textContent: text }),
  mention: ({ text }) => el('strong', { className: 'mention', textContent: text }),
  block: ({ text }) => block(text),
  link: ({ text }) => URL.canParse(text) && el('a', { href: text, target: isHere(text) ? null : '_blank', rel: 'noopener noreferrer', textContent: text }),
  bold: ({ parts }) => el('strong', {}, nodes(parts)),
  italic: ({ parts }) => el('em', {}, nodes(parts)),
  struck: ({ parts }) => el('s', {}, nodes(parts)),
  quote: ({ parts }) => el('blockquote', { dir: 'auto' }, nodes(parts)),
  list: ({ from, items }) => el(from ? 'ol' : 'ul', from ? { start: from } : {}, items.map((parts) => el('li', { dir: 'auto' }, nodes(parts)))),
};

// A link to a message of this server is followed in this page.
const isHere = (address) => address.startsWith(`${location.origin}${location.pathname}#chat-`);

function block(text) {
  const copy = el('button', { type: 'button', className: 'copy', textContent: t('copy'), onclick: () => copied(text) });
  return el('div', { className: 'block', dir: 'ltr' }, el('pre', { tabIndex: 0 }, el('code', { textContent: text })), copy);
}

// The clipboard is there on https and localhost only.
export async function copied(text) {
  let isCopied = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const box = el('textarea', { value: text, className: 'unseen' });
    (document.querySelector('dialog[open]') ?? document.body).append(box);
    box.select();
    isCopied = document.execCommand('copy');
    box.remove();
  }
  toast(t(isCopied ? 'copied' : 'copied.not'));
}
