// Telling of a message when one looks elsewhere: a soft sound, a notification.
import { nameOf } from './dom.js';
import { key } from './kept.js';

export const settings = {
  get sound() { return localStorage.getItem(key('sound')) !== 'off'; },
  set sound(on) { localStorage.setItem(key('sound'), on ? 'on' : 'off'); },
  get desktop() { return localStorage.getItem(key('desktop')) === 'on' && globalThis.Notification?.permission === 'granted'; },
  set desktop(on) { localStorage.setItem(key('desktop'), on ? 'on' : 'off'); },
};

let last = 0;
export function announce({ message, title, group, open }) {
  if (settings.sound && Date.now() - last > 1500) {
    last = Date.now();
    chime();
  }
  if (!settings.desktop || document.hasFocus()) return;
  const name = nameOf(message.sender);
  const note = new Notification(group ? `${name} · ${title}` : name, { body: message.content.slice(0, 200), tag: `message-${message.id}`, silent: true });
  note.onclick = () => { note.close(); open(); };
}

let audio;
export function chime() {
  try {
    audio ??= new AudioContext();
    if (audio.state === 'suspended') return; // nobody has pressed anything yet
    [[523.25, 0], [659.25, 0.11]].forEach(([pitch, after]) => {
      const tone = audio.createOscillator();
      const loud = audio.createGain();
      const start = audio.currentTime + after;
      tone.frequency.value = pitch;
      loud.gain.setValueAtTime(0, start);
      loud.gain.linearRampToValueAtTime(0.06, start + 0.02);
      loud.gain.exponentialRampToValueAtTime(0.0001, start + 0.5);
      tone.connect(loud).connect(audio.destination);
      tone.start(start);
      tone.stop(start + 0.55);
    });
  } catch { /* no sound here */ }
}
