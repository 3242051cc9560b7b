// The types of fireside.js: what a program calls, and what the server says in `messaging`.

/** Where the module came from: origin and base path, without a slash at the end. Of a copy, nothing. */
export declare const HOME: string;

/** What the server refuses. */
export declare class Refusal extends Error {
  /** Of HTTP: 401, 403, 404, 429… */
  readonly status: number;
  /** A word for programs, if there is one. */
  readonly code: string;
  /** Sentences by the field that they blame. */
  readonly details: Record<string, string[]>;
  /** Seconds after which to try again; 0: nothing was said of it. */
  readonly retryAfter: number;
}

/** Whether nobody is to blame, so that the same request may succeed in a while. */
export declare function isPassing(error: unknown): boolean;

/** 32 hexadecimal digits that nobody else has: a `client_id`. */
export declare function randomId(): string;

export interface User {
  id: number;
  username: string;
  display_name: string;
  avatar_url: string | null;
  /** A program's account. */
  is_bot: boolean;
}

export interface Attachment {
  id: number;
  name: string;
  /** Bytes. */
  size: number;
  content_type: string;
  url: string;
  /** Of a picture, in pixels. */
  width?: number | null;
  height?: number | null;
}

export interface Reaction {
  emoji: string;
  count: number;
  /** Their ids. */
  users: number[];
}

export interface Message {
  id: number;
  chat: number;
  /** The number of its last change. */
  seq: number;
  content: string;
  /** RFC 3339, as all times are. */
  created_at: string;
  updated_at: string;
  is_edited: boolean;
  is_deleted: boolean;
  is_pinned: boolean;
  sender: User;
  reactions: Reaction[];
  /** Ids of users, the sender's first. */
  read_by: number[];
  attachments: Attachment[];
  /** The id of the message that it answers. */
  reply_to: number | null;
  /** Ids of users whom it names with an `@`. */
  mentions: number[];
  /** It mentions everybody, with `@all`. */
  mentions_all: boolean;
  /** `call`: the line that a call left; then `content` is a sentence. */
  kind: 'text' | 'call';
  /** Of such a line: how long people talked, 0 if nobody answered. */
  call_seconds: number | null;
}

/** The newest message of a chat. */
export type LastMessage = Pick<
  Message,
  'id' | 'content' | 'created_at' | 'sender' | 'attachments' | 'kind' | 'call_seconds'
>;

export interface Chat {
  id: number;
  title: string;
  chat_type: 'dm' | 'group';
  created_at: string;
  updated_at: string;
  /** A group's picture. */
  avatar_url: string | null;
  last_message: LastMessage | null;
  /** In events about a group of more than 100: nobody. `member_count` tells how many there are. */
  members: Array<User & { online: boolean }>;
  /** Ids of those who may change the group. */
  admins: number[];
  owner: number;
  member_count: number;
  /** Ids of those who are in its call. */
  call: number[];
  /** Whether I may change the group. */
  is_admin: boolean;
  unread_count: number;
  /** Unread messages that mention me or answer me. */
  mention_count: number;
  notify: {
    level: 'all' | 'mentions' | 'nothing';
    /** A time, `"forever"`, or null: not muted. */
    muted_until: string | null;
  };
}

/** What is heard, by its `type`. `seq` numbers the changes of messages. */
export type Event =
  | { type: 'hello'; seq: number; user: number }
  | { type: 'new_message'; chat: number; seq: number; message: Message; client_id?: string | null }
  | { type: 'message_updated'; chat: number; seq: number; message: Message }
  | { type: 'message_deleted'; chat: number; seq: number; message_id: number }
  | { type: 'reaction_updated'; chat: number; seq: number; message_id: number; reactions: Reaction[] }
  | { type: 'typing'; chat: number; user_id: number; is_typing: boolean }
  | { type: 'chat_created'; chat: number; data: Chat }
  | { type: 'chat_updated'; chat: number; data: Chat }
  | { type: 'chat_deleted'; chat: number }
  | { type: 'member_added'; chat: number; user_id: number }
  | { type: 'member_removed'; chat: number; user_id: number }
  | { type: 'read'; chat: number; user_id: number; message_id: number }
  | { type: 'presence'; user_id: number; online: boolean; last_seen: string | null }
  | { type: 'call'; chat: number; participants: number[] }
  | { type: 'call_started'; chat: number; user_id: number; video: boolean }
  | { type: 'call_ended'; chat: number; seconds: number }
  | { type: 'call_declined'; chat: number; user_id: number }
  | { type: 'error'; code: string; message: string }
  /** Connected, and all that was missed is told. */
  | { type: 'live' }
  /** The connection is lost; it comes back by itself. */
  | { type: 'lost' }
  /** The token is not valid any more, by this close code: nothing comes back. */
  | { type: 'ended'; code: number };

/** The event of one type. */
export type EventOf<T extends Event['type']> = Extract<Event, { type: T }>;

export interface Wish {
  /** Ids of files that were uploaded. */
  attachments?: number[];
  /** The id of the message to answer. */
  reply_to?: number;
  /** What the message is called until it has an id: it is stored once for each. */
  client_id?: string;
}

export interface Options {
  /** Where the server is: `http://127.0.0.1:8000`. */
  url: string;
  /** What `POST /api/auth/login/` gave. */
  token: string;
  /** The `seq` of an earlier client: what happened after is told first. */
  since?: number;
  /** For a Node before 22, which has none: that of the package `ws`. */
  WebSocket?: unknown;
}

export interface Fireside {
  /** Listens to events of a type, or to all. Returns what ends it. */
  on<T extends Event['type']>(type: T, listener: (event: EventOf<T>) => void): () => void;
  on(type: '*', listener: (event: Event) => void): () => void;
  /** Says something; resolves when it is stored, once and in order, however bad the line is. */
  send(chat: number, content: string, wish?: Wish): Promise<Message>;
  /** All my chats. */
  chats(): Promise<Chat[]>;
  /** The newest messages of a chat, the oldest of them first; or those next to a message's id. */
  messages(chat: number, next?: { before?: number; after?: number; limit?: number }): Promise<Message[]>;
  /** Changes the text of my message. */
  edit(message: number, content: string): Promise<Message>;
  /** Deletes my message. */
  remove(message: number): Promise<void>;
  /** Puts my emoji on a message, or takes it off. */
  react(message: number, emoji: string, wanted?: boolean): Promise<void>;
  /** Marks a chat as read, up to a message. */
  markRead(chat: number, message: number): Promise<unknown>;
  /** Lets go of the server. What was not sent yet is rejected. */
  close(): void;
}

/** Connects to a server, and stays connected until `close()`. */
export declare function connect(options: Options): Fireside;

// What `connect` is made of, for clients that keep an outbox or a history of their own.

/** Requests as JSON, signed with a token. What is refused is thrown as a `Refusal`. */
export interface Caller {
  /** The answer itself, if it is not a refusal. */
  ask(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response>;
  /** What the answer says; null where it has no body. */
  call(method: string, path: string, body?: unknown): Promise<any>;
  get(path: string): Promise<any>;
  post(path: string, body?: unknown): Promise<any>;
  /** All pages of a list, one after the other. */
  everyPage(path: string, asks?: (path: string) => Promise<any>): Promise<any[]>;
}

export declare function createCaller(token: string, base?: string, more?: Record<string, string>): Caller;

/** What is sent as a message. */
export interface Draft extends Wish {
  content: string;
}

/** A request each, tried once. */
export interface ChatCalls {
  chats(asks?: (path: string) => Promise<any>): Promise<Chat[]>;
  chat(id: number): Promise<Chat>;
  history(id: number, query?: string): Promise<{ results: Message[]; next: string | null }>;
  send(id: number, draft: Draft): Promise<Message>;
  message(id: number): Promise<Message>;
  edit(id: number, content: string): Promise<Message>;
  remove(id: number): Promise<null>;
  react(id: number, emoji: string): Promise<unknown>;
  markRead(id: number, last: number): Promise<unknown>;
}

export declare function chatCalls(caller: Pick<Caller, 'get' | 'post' | 'call' | 'everyPage'>): ChatCalls;

/** Tries something until it succeeds or is refused. */
export interface Patience {
  attempt<T>(action: () => Promise<T>): Promise<T>;
  /** The line is back: whatever waits is tried now. */
  wake(): void;
  /** Whatever waits is rejected with this, and so is all that comes. */
  stop(reason: unknown): void;
}

export declare function createPatience(): Patience;

/** What one line tells of itself. */
export interface LineListener<Frame> {
  opened?(): void;
  frame(frame: Frame): void;
  /** It will be opened again. */
  lost(): void;
  /** There is no point, by this close code. */
  ended(code: number): void;
}

export interface Line {
  /** Sends a frame; false while there is no connection. */
  send(frame: unknown): boolean;
  ping(): void;
  /** The network is back: no waiting for the next try. */
  hurry(): void;
  close(): void;
}

/** One socket that comes back by itself. `address` is asked anew each time. */
export declare function openLine(
  address: () => string,
  token: string,
  listener: LineListener<any>,
  Socket?: unknown,
): Line;

export interface Feed extends Line {
  /** The `seq` up to which everything was told; null while it catches up. */
  caughtUp(): number | null;
}

/** The socket on all chats, without gaps: each change is told once. */
export declare function openFeed(
  to: { base: string; token: string; since?: number | null; WebSocket?: unknown },
  listener: Omit<LineListener<Event>, 'opened'> & { live?(): void },
): Feed;
