// A call: everybody in it is connected to everybody else, and the room's socket
// carries only what they need to find each other.
import { openSocket } from './api.js';
import { el, icon, iconButton, nameOf, style, toast } from './dom.js';
import { t, tell } from './i18n.js';
import { createStage, showVideo } from './stage.js';
import { isRung } from './state.js';

const MOST = { video: 4, audio: 6 };
const PATIENCE = 45_000; // ms that it rings with the others

export async function startCall({ store, api, actions, token, chat, video, over }) {
  let local;
  try {
    local = await devices(video);
  } catch (error) {
    toast(t(error.message === 'insecure' ? 'call.insecure' : error.name === 'NotFoundError' ? 'call.nodevice' : 'call.refused'));
    return null;
  }
  // Asked anew for each call: what opens a TURN server is good for a day only.
  const [server] = await Promise.all([api.server().catch(() => null), style('call')]);
  return new Call({ store, api, actions, token, chat, video, over, local, iceServers: server?.ice_servers ?? [] });
}

async function devices(video) {
  if (!navigator.mediaDevices) throw new Error('insecure');
  const audio = { echoCancellation: true, noiseSuppression: true };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio, video: video && { width: { ideal: 640 }, height: { ideal: 480 } } });
  } catch (error) {
    if (!video || error.name === 'NotAllowedError') throw error;
    return navigator.mediaDevices.getUserMedia({ audio }); // no camera: then without
  }
}

class Call {
  constructor(parts) {
    Object.assign(this, parts);
    this.peers = new Map(); // by user: {connection, tile, polite}
    this.me = this.store.get().me;
    this.speak();
    this.draw();
    this.socket = openSocket(() => `/ws/room/${this.chat}/`, this.token, {
      opened: () => this.say('join_call', { video: this.local.getVideoTracks().length > 0 }),
      frame: ({ type, data }) => this.heard(type, data),
      // The server forgets who has gone: after a break one joins anew.
      lost: () => { this.asked = false; this.state(t('call.lost')); for (const user of [...this.peers.keys()]) this.drop(user); },
      ended: () => this.hangUp(),
    });
  }

  say(type, data) { return this.socket.send({ type, data }); }

  // --- What is on the screen.
  draw() {
    const mute = iconButton('mic', t('call.mute'), () => this.mute(mute), { 'aria-pressed': 'false' });
    const camera = iconButton('video', t('call.camera'), () => this.camera());
    const screen = navigator.mediaDevices.getDisplayMedia && iconButton('screen', t('call.screen'), () => this.share());
    this.buttons = { video: camera, screen };
    const leave = el('button', { type: 'button', className: 'danger leave', onclick: () => this.hangUp() }, icon('phone'), t('call.leave'));
    this.stage = createStage(this.store, { title: this.store.get().chats[this.chat]?.title ?? t('call'), controls: [mute, camera, screen, leave] });
    this.mine = this.stage.tile(this.me, true);
    this.mine.video.srcObject = this.local;
    this.mark(this.local.getVideoTracks().length ? 'video' : 'nothing');
    this.state(t('call.waiting'));
    leave.focus();
  }
  state(text) { this.stage.state(text); }

  // --- Who is in it.
  heard(type, data) {
    if (type === 'call_state') this.joined(data.participants);
    else if (type === 'user_left' && data.scope === 'call') this.drop(data.user_id);
    else if (type === 'offer') this.answer(data);
    else if (type === 'answer') this.peers.get(data.from_user_id)?.connection.setRemoteDescription(session(data.sdp, 'answer')).catch(() => {});
    else if (type === 'ice_candidate') this.candidate(data);
    else if (type === 'error' && data.code !== 'not_in_call') toast(tell(data.message, data.code));
  }

  joined(participants) {
    const others = participants.filter(({ user_id }) => user_id !== this.me.id);
    this.store.tell({ type: 'call', chat: this.chat, participants: participants.map(({ user_id }) => user_id) });
    const most = this.local.getVideoTracks().length ? MOST.video : MOST.audio;
    if (!this.asked && participants.length > most) {
      toast(t('call.full', { n: most }));
      return this.hangUp();
    }
    // Whoever was there first makes the offer to the newcomer.
    if (this.asked) for (const other of others) if (!this.peers.has(other.user_id)) this.offer(other);
    if (!this.hasRung && !others.length) this.rings();
    this.hasRung = true;
    this.asked = true;
    for (const user of [...this.peers.keys()]) if (!others.some(({ user_id }) => user_id === user)) this.drop(user);
    return undefined;
  }

  // It rings with the others, unless there are too many of them.
  rings() {
    if (!isRung(this.store.get().chats[this.chat])) return;
    this.state(t('call.calling'));
    this.timer = setTimeout(() => this.state(t('call.noanswer')), PATIENCE);
  }
  declined({ chat, user_id: user }) {
    const { chats, me } = this.store.get();
    if (chat !== this.chat || user === me.id || this.peers.size) return;
    const { chat_type: type, members = [] } = chats[chat] ?? {};
    if (type === 'dm') clearTimeout(this.timer);
    this.state(type === 'dm' ? t('call.declined') : t('call.declined.by', { name: nameOf(members.find(({ id }) => id === user)) }));
  }

  peer(user, offering = false) {
    if (this.peers.has(user.id)) return this.peers.get(user.id);
    clearTimeout(this.timer); // somebody came
    const connection = new RTCPeerConnection({ iceServers: this.iceServers });
    const shown = this.store.get().chats[this.chat]?.members?.find(({ id }) => id === user.id) ?? user;
    const peer = { connection, ...this.stage.tile(shown), waiting: [] };
    this.peers.set(user.id, peer);
    for (const track of [this.sound, ...this.local.getVideoTracks()]) if (track) connection.addTrack(track, this.local);
    if (offering && !this.local.getVideoTracks().length) connection.addTransceiver('video', { direction: 'sendrecv' });
    connection.onicecandidate = ({ candidate }) => candidate && this.say('ice_candidate', { target_user_id: user.id, candidate: candidate.toJSON() });
    connection.ontrack = ({ track, streams }) => {
      const stream = streams[0] ?? peer.video.srcObject ?? new MediaStream();
      if (!stream.getTracks().includes(track)) stream.addTrack(track);
      if (peer.video.srcObject !== stream) peer.video.srcObject = stream;
      track.onmute = track.onunmute = () => showVideo(peer, stream);
      showVideo(peer, stream);
    };
    connection.onconnectionstatechange = () => {
      peer.node.dataset.state = connection.connectionState;
      if (connection.connectionState === 'connected') this.state(t('call.connected'));
      if (connection.connectionState === 'failed') this.state(t('call.turn', { name: nameOf(shown) }));
    };
    // A camera that is switched off sends nothing, and browsers take that for a pause and
    // keep its last picture: so each says what it shows.
    peer.channel = connection.createDataChannel('shows', { negotiated: true, id: 0 });
    peer.channel.onopen = () => this.tellShown(peer);
    peer.channel.onmessage = ({ data }) => {
      peer.shows = data;
      if (peer.video.srcObject) showVideo(peer, peer.video.srcObject);
    };
    this.state(t('call.connecting'));
    return peer;
  }

  tellShown({ channel }) {
    if (channel.readyState === 'open') channel.send(this.mine.shows);
  }

  async offer({ user_id: id, username }) {
    const { connection } = this.peer({ id, username }, true);
    await connection.setLocalDescription(await connection.createOffer());
    this.say('offer', { target_user_id: id, sdp: connection.localDescription.sdp });
  }
  async answer({ from_user_id: id, from_username: username, sdp }) {
    const peer = this.peer({ id, username });
    await peer.connection.setRemoteDescription(session(sdp, 'offer'));
    for (const candidate of peer.waiting.splice(0)) await peer.connection.addIceCandidate(candidate).catch(() => {});
    for (const transceiver of peer.connection.getTransceivers()) if (transceiver.direction === 'recvonly') transceiver.direction = 'sendrecv';
    await peer.connection.setLocalDescription(await peer.connection.createAnswer());
    this.say('answer', { target_user_id: id, sdp: peer.connection.localDescription.sdp });
  }
  candidate({ from_user_id: id, candidate }) {
    const peer = this.peers.get(id);
    if (!peer) return;
    if (peer.connection.remoteDescription) peer.connection.addIceCandidate(candidate).catch(() => {});
    else peer.waiting.push(candidate);
  }
  drop(user) {
    const peer = this.peers.get(user);
    if (!peer) return;
    this.peers.delete(user);
    peer.connection.close();
    peer.node.remove();
    if (!this.peers.size) this.state(t('call.waiting'));
  }

  // --- One's own side.
  mute(button) {
    const [track] = this.local.getAudioTracks();
    if (!track) return;
    track.enabled = !track.enabled;
    button.setAttribute('aria-pressed', String(!track.enabled));
    button.ariaLabel = button.title = t(track.enabled ? 'call.mute' : 'call.unmute');
  }
  async camera() {
    try {
      if (this.mine.shows === 'video') this.show('nothing');
      else this.show('video', await navigator.mediaDevices.getUserMedia({ video: true }));
    } catch {
      toast(t('call.refused'));
    }
  }
  async share() {
    if (this.mine.shows === 'screen') return this.show('nothing');
    try {
      const stream = await navigator.mediaDevices.getDisplayMedia({ video: true, audio: true });
      stream.getVideoTracks()[0].onended = () => this.mine.stream === stream && this.show('nothing');
      this.show('screen', stream);
    } catch { /* one thought better of it */ }
    return undefined;
  }

  // The camera, the screen with its sound, or nothing.
  show(what, stream = null) {
    for (const track of this.mine.stream?.getTracks() ?? []) track.stop();
    for (const old of this.local.getVideoTracks()) { old.stop(); this.local.removeTrack(old); }
    this.mine.stream = stream;
    const [picture] = stream?.getVideoTracks() ?? [];
    if (picture) this.local.addTrack(picture);
    this.speak(stream?.getAudioTracks()[0]);
    this.mark(what);
    for (const peer of this.peers.values()) {
      this.tellShown(peer);
      for (const { mid, sender, receiver } of peer.connection.getTransceivers()) {
        if (mid !== null) sender.replaceTrack((receiver.track.kind === 'video' ? picture : this.sound) ?? null);
      }
    }
  }
  mark(shows) {
    this.mine.shows = shows;
    for (const [what, button] of Object.entries(this.buttons)) button?.setAttribute('aria-pressed', String(what === shows));
    showVideo(this.mine, this.local);
  }

  // What others hear: the voice, and with it the sound of a screen. That one as a track of its
  // own would need a new agreement with each of them.
  speak(sound) {
    this.mixer?.close();
    this.mixer = null;
    [this.sound] = this.local.getAudioTracks();
    if (!sound || !this.sound) return;
    this.mixer = new AudioContext();
    const mixed = this.mixer.createMediaStreamDestination();
    for (const track of [this.sound, sound]) this.mixer.createMediaStreamSource(new MediaStream([track])).connect(mixed);
    [this.sound] = mixed.stream.getAudioTracks();
  }

  hangUp() {
    clearTimeout(this.timer);
    this.say('leave_call', {});
    setTimeout(() => this.socket.close(), 200);
    for (const user of [...this.peers.keys()]) this.drop(user);
    for (const track of [...this.local.getTracks(), ...this.mine.stream?.getTracks() ?? []]) track.stop();
    this.mixer?.close();
    this.stage.remove();
    const { calls } = this.store.get();
    this.store.tell({ type: 'call', chat: this.chat, participants: (calls[this.chat]?.users ?? []).filter((user) => user !== this.me.id) });
    this.over();
  }
}

// Others may send the whole description in place of its text.
function session(sdp, type) {
  return typeof sdp === 'string' ? { type, sdp } : sdp;
}
