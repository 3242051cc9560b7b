// The little markup that messages may have: links, `code`, blocks of code and
// @names. A text becomes a list of parts, and those become nodes: whatever is not
// one of these is text.
import { el, toast } from './dom.js';
import { t } from './i18n.js';

const BLOCK = /```(?:[\w+-]{0,20}\n)?([\s\S]+?)```/;
const INLINE = /`([^`\n]+)`|(https?:\/\/[^\s<>"'`]+)|(?<![\p{L}\p{N}_.@-])@([\p{L}\p{N}_.+-]{1,64})/u;

export function parse(text, names) {
  const parts = [];
  let rest = text;
  for (let found = BLOCK.exec(rest); found; found = BLOCK.exec(rest)) {
    parts.push(...inline(rest.slice(0, found.index).replace(/\n$/, ''), names), { kind: 'block', text: found[1].replace(/\n$/, '') });
    rest = rest.slice(found.index + found[0].length).replace(/^\n/, '');
  }
  return [...parts, ...inline(rest, names)];
}

function inline(text, names) {
  const parts = [];
  let plain = '';
  let rest = text;
  const flush = () => { if (plain) parts.push({ kind: 'text', text: plain }); plain = ''; };
  for (let found = INLINE.exec(rest); found; found = INLINE.exec(rest)) {
    const [whole, code, link, name] = found;
    plain += rest.slice(0, found.index);
    let used = whole;
    if (code) { flush(); parts.push({ kind: 'code', text: code }); }
    if (link) {
      used = withoutTail(link);
      flush();
      parts.push({ kind: 'link', text: used });
    }
    if (name) {
      const known = name.replace(/[.+-]+$/, '');
      used = `@${known}`;
      if (names?.has(known.toLowerCase())) { flush(); parts.push({ kind: 'mention', text: used }); } else plain += used;
    }
    rest = rest.slice(found.index + used.length);
  }
  plain += rest;
  flush();
  return parts;
}

// The full stop of a sentence is not part of the link that ends it, nor is the
// bracket around it.
function withoutTail(link) {
  let end = link.length;
  for (;;) {
    const last = link[end - 1];
    const opens = { ')': '(', ']': '[', '}': '{' }[last];
    const head = link.slice(0, end);
    const unbalanced = opens && head.split(opens).length < head.split(last).length;
    if (!/[.,:;!?…]/.test(last) && !unbalanced) return head;
    end -= 1;
  }
}

export function draw(text, names) {
  return parse(text, names).map(({ kind, text: words }) => {
    if (kind === 'code') return el('code', { textContent: words });
    if (kind === 'mention') return el('strong', { className: 'mention', textContent: words });
    if (kind === 'block') return block(words);
    if (kind === 'link' && URL.canParse(words)) return el('a', { href: words, target: '_blank', rel: 'noopener noreferrer', textContent: words });
    return document.createTextNode(words);
  });
}

function block(text) {
  const copy = el('button', { type: 'button', className: 'copy', textContent: t('copy'), onclick: () => copied(text) });
  return el('div', { className: 'block' }, el('pre', { tabIndex: 0 }, el('code', { textContent: text })), copy);
}

// The clipboard is there on https and localhost only.
export async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const box = el('textarea', { value: text, className: 'unseen' });
    (document.querySelector('dialog[open]') ?? document.body).append(box);
    box.select();
    document.execCommand('copy');
    box.remove();
  }
  toast(t('copied'));
}
