// This device: what it calls itself, and whether it can be told of messages while no page is open.
import { t } from './i18n.js';

// What a session or a device is called: the server keeps what a browser says of itself, which is long.
export function deviceName(label) {
  if (label === 'account token') return t('session.account');
  if (!label.startsWith('Mozilla/')) return label || null;
  const of = (names) => names.find(([mark]) => label.includes(mark))?.[1];
  // Each also claims to be those after it.
  const browser = of([['Edg', 'Edge'], ['OPR/', 'Opera'], ['Firefox/', 'Firefox'], ['FxiOS', 'Firefox'], ['Chrom', 'Chrome'], ['CriOS', 'Chrome'], ['Safari/', 'Safari']]);
  const system = of([['Android', 'Android'], ['iPhone', 'iPhone'], ['iPad', 'iPad'], ['Windows', 'Windows'], ['Mac OS', 'macOS'], ['CrOS', 'ChromeOS'], ['Linux', 'Linux']]);
  return browser && system ? t('session.on', { browser, system }) : null;
}

// 'able', 'blocked' by the browser's settings, 'install' where only an app on the home screen is told, or 'unable'.
export function ability() {
  const { Notification, PushManager } = globalThis;
  if (navigator.serviceWorker && Notification && PushManager) return Notification.permission === 'denied' ? 'blocked' : 'able';
  return isApple() && !isInstalled() && globalThis.isSecureContext ? 'install' : 'unable';
}

// An iPad says that it is a Mac, which has no screen to touch.
const isApple = () => /iPhone|iPad|iPod/.test(navigator.userAgent) || (navigator.platform === 'MacIntel' && navigator.maxTouchPoints > 1);
const isInstalled = () => Boolean(navigator.standalone) || matchMedia('(display-mode: standalone)').matches;
