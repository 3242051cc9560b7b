// JSON Schemas, read for people: as a type in a few lines, and as an example.

const DEEPEST = 5;

export function resolved(schema, all) {
  let found = schema;
  while (found?.$ref) found = all[found.$ref.split("/").pop()];
  return typeof found === "object" ? found : {};
}

const limits = ({ minLength, maxLength, minimum, maximum, maxItems, format }) => {
  const notes = [];
  if (format && !format.startsWith("int") && !format.startsWith("uint")) notes.push(format);
  if (minLength && !maxLength) notes.push("not empty");
  if (maxLength) notes.push(`${minLength ?? 0}–${maxLength} characters`);
  if (maxItems) notes.push(`at most ${maxItems}`);
  if (maximum && maximum < 2 ** 40) notes.push(`${minimum ?? 0}–${maximum}`);
  return notes.length ? ` (${notes.join(", ")})` : "";
};

/** A schema as a type: `{ name: string (1–255 characters) … }`. */
export function typeOf(schema, all, depth = 0) {
  const shape = resolved(schema, all);
  const several = shape.anyOf ?? shape.oneOf;
  const own = shape.properties ? objectOf(shape, all, depth) : undefined;
  if (several) {
    const kinds = several.map((one) => typeOf(one, all, depth));
    const longest = kinds.some((kind) => kind.includes("\n"));
    const either = kinds.join(longest ? `\n${"  ".repeat(depth)}| ` : " | ");
    return own ? `${own} & (${either})` : either;
  }
  if ("const" in shape) return JSON.stringify(shape.const);
  if (shape.enum) return shape.enum.map((one) => JSON.stringify(one)).join(" | ");
  if (own) return own;
  const [kind, ...others] = [shape.type ?? "any"].flat();
  const orNull = others.length ? ` | ${others.join(" | ")}` : "";
  if (kind === "array") return `[ ${typeOf(shape.items ?? {}, all, depth)} … ]${limits(shape)}${orNull}`;
  if (kind === "object" && shape.additionalProperties) return `{ …: ${typeOf(shape.additionalProperties, all, depth)} }`;
  return `${kind}${limits(shape)}${orNull}`;
}

function objectOf(shape, all, depth) {
  if (depth >= DEEPEST) return "{ … }";
  const must = new Set(shape.required ?? []);
  const inner = "  ".repeat(depth + 1);
  const lines = Object.entries(shape.properties).map(([name, one]) => {
    const note = one.description ? `  — ${one.description}` : "";
    return `${inner}${name}${must.has(name) ? "" : "?"}: ${typeOf(one, all, depth + 1)}${note}`;
  });
  return `{\n${lines.join("\n")}\n${"  ".repeat(depth)}}`;
}

const WORDS = {
  username: "alice", email: "alice@example.com", password: "correct horse battery", content: "Hello", message: "Hello",
  body: "Hello", emoji: "👍", name: "Den", title: "Den", recipient: "bob", receiver: "bob",
};

/** A value that the schema takes. */
export function exampleOf(schema, all, name = "", depth = 0) {
  const shape = resolved(schema, all);
  if ("const" in shape) return shape.const;
  if (shape.enum) return shape.enum[0];
  if (shape.anyOf ?? shape.oneOf) return exampleOf((shape.anyOf ?? shape.oneOf)[0], all, name, depth);
  switch ([shape.type].flat()[0]) {
    case "object": {
      const must = shape.required ?? [];
      const names = Object.keys(shape.properties ?? {}).filter((key) => must.includes(key) || key === "content" || (!must.length && WORDS[key]));
      return depth > DEEPEST ? {} : Object.fromEntries(names.map((key) => [key, exampleOf(shape.properties[key], all, key, depth + 1)]));
    }
    case "array": return [exampleOf(shape.items ?? {}, all, name, depth + 1)];
    case "integer": return shape.minimum ?? 1;
    case "boolean": return true;
    case "string": return WORDS[name] ?? (shape.format === "password" ? WORDS.password : "text");
    default: return "v=0";
  }
}
