// A request as a line for the shell, and as one for a page.

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** `request`: `{ method, url, token, body, file }`, where `body` is JSON as text. */
export function curl({ method, url, token, body, file, form }) {
  const parts = ["curl"];
  if (method !== "GET") parts.push("-X", method);
  if (token) parts.push("-H", quoted(`Authorization: Token ${token}`));
  if (form) parts.push("-F", quoted(`${form}=@${file ?? "cat.png"}`));
  else if (body) parts.push("-H", quoted("Content-Type: application/json"), "-d", quoted(body));
  return [...parts, quoted(url)].join(" ");
}

export function js({ method, url, token, body, form }) {
  const headers = [];
  if (token) headers.push(`Authorization: ${JSON.stringify(`Token ${token}`)}`);
  if (body && !form) headers.push(`"Content-Type": "application/json"`);
  const lines = [`  method: ${JSON.stringify(method)},`];
  if (headers.length) lines.push(`  headers: { ${headers.join(", ")} },`);
  if (form) lines.push("  body: form,");
  else if (body) lines.push(`  body: JSON.stringify(${body}),`);
  const before = form ? `const form = new FormData();\nform.append(${JSON.stringify(form)}, input.files[0]);\n` : "";
  return `${before}const answer = await fetch(${JSON.stringify(url)}, {\n${lines.join("\n")}\n});\nconsole.log(answer.status, await answer.text());`;
}

export const socketJs = (url, frame) =>
  `const socket = new WebSocket(${JSON.stringify(url)});\nsocket.onmessage = ({ data }) => console.log(JSON.parse(data));\nsocket.onopen = () => socket.send(${JSON.stringify(frame)});`;
