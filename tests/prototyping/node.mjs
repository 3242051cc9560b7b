// The conversation in Node, with the module as the server serves it.
import { createRequire } from 'node:module';
import { talk } from './conversation.mjs';

const { URL: url, ALICE: alice, BOB: bob, CHAT, COUNT } = process.env;
const source = await (await fetch(`${url}/fireside.js`)).text();
const { connect } = await import(`data:text/javascript,${encodeURIComponent(source)}`);
const WebSocket = globalThis.WebSocket ?? createRequire(import.meta.url)('ws');
const progress = (number) => { if (number % 50 === 0) console.log(`sent ${number}`); };
console.log(JSON.stringify(await talk({ connect, url, alice, bob, chat: Number(CHAT), count: Number(COUNT), WebSocket, progress })));
