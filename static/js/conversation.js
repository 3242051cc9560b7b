// One room: what was said, what is being said, and the box to say something.
import { element, showRefusal } from './forms.js';
import { stillUnsent } from './state.js';

const AT_THE_END = 40; // px from the end that still count as reading the newest

export function createConversation(store, { send, leave, earlier }) {
  const scroll = document.querySelector('#scroll');
  const form = document.querySelector('#composer');
  const draft = form.elements.content;

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const content = draft.value.trim();
    if (!content) return;
    draft.value = '';
    showRefusal(form, null);
    send(content);
    scroll.scrollTop = scroll.scrollHeight; // one sees what one said
    draft.focus();
  });
  // Enter sends, Shift-Enter breaks the line; while an input method composes a
  // word, Enter belongs to it.
  draft.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  document.querySelector('#leave').addEventListener('click', leave);
  document.querySelector('#earlier').addEventListener('click', earlier);

  let room = null;
  store.subscribe((state) => {
    const moved = state.room?.id !== room?.id;
    room = state.room;
    document.querySelector('#app').dataset.shows = room ? 'conversation' : 'rooms';
    document.querySelector('#no-room').hidden = room !== null;
    document.querySelector('#room').hidden = room === null;
    if (room) drawKeepingPlace(scroll, state, moved);
    if (room && moved) showRefusal(form, null);
  });

  return {
    refuse(error, content) {
      showRefusal(form, error);
      draft.value ||= content ?? ''; // what was refused is not lost
    },
  };
}

function drawKeepingPlace(scroll, state, moved) {
  const fromEnd = scroll.scrollHeight - scroll.scrollTop;
  const atEnd = moved || fromEnd - scroll.clientHeight < AT_THE_END;
  const first = document.querySelector('#log').firstChild;
  draw(state);
  const grewAbove = first !== document.querySelector('#log').firstChild;
  if (atEnd) scroll.scrollTop = scroll.scrollHeight;
  else if (grewAbove) scroll.scrollTop = scroll.scrollHeight - fromEnd;
}

function draw(state) {
  document.querySelector('#room-name').textContent = state.room.name;
  document.querySelector('#leave').hidden = state.room.is_direct;
  document.querySelector('#earlier').hidden = !state.hasEarlier;
  document.querySelector('#link').textContent = state.link;
  reconcile(document.querySelector('#log'), state.messages, 'id', (message) => bubble(message, state.me));
  reconcile(document.querySelector('#unsent'), stillUnsent(state), 'client_id', pendingBubble);
}

// Touches only what changed: who listens to the log hears new messages, not the
// whole of it again.
function reconcile(list, items, key, make) {
  const present = new Map([...list.children].map((node) => [node.key, node]));
  let place = list.firstChild;
  for (const item of items) {
    let node = present.get(item[key]);
    present.delete(item[key]);
    if (node && node.item !== item) {
      const fresh = Object.assign(make(item), { key: item[key], item });
      if (place === node) place = fresh;
      node.replaceWith(fresh);
      node = fresh;
    }
    node ??= Object.assign(make(item), { key: item[key], item });
    if (node === place) place = place.nextSibling;
    else list.insertBefore(node, place);
  }
  for (const node of present.values()) node.remove();
}

function bubble(message, me) {
  const { author, content, created_at, is_edited } = message;
  const at = new Date(created_at);
  const time = element('time', { dateTime: created_at, title: at.toLocaleString(), textContent: shortTime(at) });
  const byline = element('div', { className: 'byline' }, element('b', { textContent: nameOf(author) }), time);
  if (is_edited) byline.append(element('span', { textContent: 'edited' }));
  const className = author.id === me.id ? 'message mine' : 'message';
  return element('li', { className }, byline, element('div', { className: 'content', textContent: content }));
}

function pendingBubble({ content }) {
  const byline = element('div', { className: 'byline', textContent: 'sending …' });
  return element('li', { className: 'message mine' }, byline, element('div', { className: 'content', textContent: content }));
}

function nameOf(person) {
  return person.display_name || person.username;
}

function shortTime(at) {
  const today = at.toDateString() === new Date().toDateString();
  return today
    ? at.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
    : at.toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' });
}
