//! What an ill-behaved client makes of it.

use super::dice::Dice;
use super::scene::Scene;

/// Numbers at edges, and what some read as numbers.
const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "-1",
    "1",
    "2",
    "3",
    "4",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "4294967296",
    "1e0",
    "1e308",
    "1e999",
    "1.5",
    "0x1",
    "NaN",
    "Infinity",
    "007",
    "+5",
    "٣",
    "1_000",
];

/// JSON values that are no plain text.
const VALUES: &[&str] = &[
    "null",
    "true",
    "false",
    "[]",
    "{}",
    "[null]",
    "[[[[]]]]",
    r#"{"a":{"b":{"c":1}}}"#,
    r#""""#,
    r#"" ""#,
    r#""\u0000""#,
    r#""a\u0000b""#,
    r#""\ud800""#,
    r#""\udfff\ud800""#,
    r#""\r\nX-Evil: 1""#,
    r#""\u202egpj.exe""#,
    r#""\u200b\u200d\ufeff""#,
    r#""\u0007\u001b[2J""#,
    r#""' OR 1=1; DROP TABLE users; --""#,
    r#""<script>alert(1)</script>""#,
    r#""../../../etc/passwd""#,
    r#""👩‍👩‍👧‍👦""#,
    r#""e\u0301\u0301\u0301""#,
    r#""ﷺﷺﷺ""#,
    r#""İıſßΣς""#,
    r#""true""#,
    r#""null""#,
    "[1,2,3]",
    r#"["1","x",null,{}]"#,
    "undefined",
    "'single'",
    "/* no */ 1",
    "\"\u{7f}\u{85}\u{2028}\"",
];

/// Fields that are not for a client to set.
const FOREIGN: &[&str] = &[
    "id",
    "is_admin",
    "is_staff",
    "is_superuser",
    "sender",
    "author",
    "owner",
    "user",
    "user_id",
    "from_user_id",
    "created_at",
    "seq",
    "password_hash",
    "token",
    "__proto__",
    "constructor",
    "",
    "\u{0}",
    "$where",
    "chat",
];

/// A header's whole line without its end.
const HEADERS: &[&str] = &[
    "Authorization: Token",
    "Authorization: Bearer a.b.c",
    "Authorization: Basic YTpi",
    "Authorization: Token \u{e9}\u{e9}",
    "Cookie: sessionid=; csrftoken=",
    "Cookie: ;;;===; sessionid=%ff%00; a",
    "Cookie: sessionid=\"quoted; x",
    "Origin: null",
    "Origin: http://",
    "Origin: https://evil.example",
    "X-CSRFToken: x",
    "X-Forwarded-For: 127.0.0.1, ::1, x",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Host: evil.example",
    "Forwarded: for=\"[::1]\";proto=https",
    "Range: bytes=0-0,1-1",
    "Range: bytes=18446744073709551615-",
    "Range: bytes=-18446744073709551615",
    "Range: bytes=9-1",
    "Range: bytes=",
    "If-None-Match: \"\", W/\"\", *",
    "If-Range: x",
    "Accept: text/html",
    "Accept: */*;q=x",
    "Accept-Encoding: br;q=9, gzip;q=-1, \u{e9}",
    "Idempotency-Key:",
    "Idempotency-Key: \u{e9}\u{e9}\u{e9}",
    "Sec-WebSocket-Protocol: token, x",
    "Upgrade: websocket",
    "X-HTTP-Method-Override: DELETE",
    "Content-Encoding: gzip",
    "Content-Language: \u{202e}",
    "X-A:",
];

const CONTENT_TYPES: &[&str] = &[
    "",
    "application/json; charset=utf-7",
    "application/JSON;",
    "application/jsonx",
    "application/x-www-form-urlencoded",
    "text/plain",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary=x",
    "multipart/form-data; boundary=\"\u{e9}\"",
    "application/json, text/html",
    ";",
    "*/*",
];

const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW", "get"];

const PATH_PARTS: &[&str] =
    &["%", "%zz", "%00", "%ff%fe", "%2e%2e", "..", ".", "%2f", ";a=b", "", "%F0%9F%94%A5", "'", "*", "{id}", "~", "@"];

/// A value in a body, as JSON or nearly so.
fn value(dice: &mut Dice, scene: &Scene) -> Vec<u8> {
    match dice.below(12) {
        0..=2 => dice.one_of(NUMBERS).as_bytes().to_vec(),
        3 => format!("\"{}\"", dice.one_of(NUMBERS)).into_bytes(),
        4 => format!("\"{}\"", "x".repeat(1 << dice.below(17))).into_bytes(),
        5 => {
            let depth = 1 + dice.below(60);
            [vec![b'['; depth], vec![b']'; depth]].concat()
        }
        6 => format!("\"{}\"", "\u{1F525}".repeat(1 + dice.below(400))).into_bytes(),
        7 => [b"\"".as_slice(), &[0xff, 0xfe, dice.byte()], b"\""].concat(),
        8 => scene.somebody_elses(dice).into_bytes(),
        _ => dice.one_of(VALUES).as_bytes().to_vec(),
    }
}

/// A JSON object that was valid, written with something wrong in it.
pub fn body(dice: &mut Dice, scene: &Scene, valid: &[u8]) -> Vec<u8> {
    let mut fields = fields(valid);
    for _ in 0..=dice.below(2) {
        match dice.below(7) {
            0..=2 if !fields.is_empty() => {
                let at = dice.below(fields.len());
                fields[at].1 = value(dice, scene);
            }
            3 if !fields.is_empty() => drop(fields.remove(dice.below(fields.len()))),
            4 if !fields.is_empty() => {
                let (name, _) = fields[dice.below(fields.len())].clone();
                let twice = value(dice, scene);
                fields.push((name, twice));
            }
            _ => {
                let name = serde_json::to_string(&dice.one_of(FOREIGN)).unwrap();
                let odd = value(dice, scene);
                fields.push((name, odd));
            }
        }
    }
    let mut written = vec![b'{'];
    for (number, (name, value)) in fields.iter().enumerate() {
        written.extend_from_slice(if number > 0 { b"," } else { b"" });
        written.extend_from_slice(name.as_bytes());
        written.push(b':');
        written.extend_from_slice(value);
    }
    written.push(b'}');
    as_bytes(dice, written)
}

/// Names and values of an object, as JSON.
fn fields(valid: &[u8]) -> Vec<(String, Vec<u8>)> {
    let Ok(serde_json::Value::Object(object)) = serde_json::from_slice(valid) else { return Vec::new() };
    let shown = |(name, value): (&String, &serde_json::Value)| {
        (serde_json::to_string(name).unwrap(), serde_json::to_vec(value).unwrap())
    };
    object.iter().map(shown).collect()
}

/// Sometimes the bytes themselves are what is wrong.
fn as_bytes(dice: &mut Dice, mut bytes: Vec<u8>) -> Vec<u8> {
    match dice.below(16) {
        0 => bytes.truncate(dice.below(bytes.len())),
        1 => {
            let at = dice.below(bytes.len());
            bytes[at] ^= 1 << dice.below(8);
        }
        2 => {
            let at = dice.below(bytes.len());
            bytes.insert(at, dice.byte());
        }
        3 => bytes = [b"[".as_slice(), &bytes, b"]"].concat(),
        4 => bytes.extend_from_slice(b" trailing"),
        5 => bytes = [b"\xef\xbb\xbf".as_slice(), &bytes].concat(),
        6 => bytes = dice.one_of(VALUES).as_bytes().to_vec(),
        _ => {}
    }
    bytes
}

/// A path and query with something wrong in it. Visible ASCII alone: other bytes are no HTTP.
pub fn path(dice: &mut Dice, scene: &Scene, valid: &str) -> String {
    let (path, query) = valid.split_once('?').unwrap_or((valid, ""));
    let mut parts: Vec<String> = path.split('/').map(str::to_owned).collect();
    match dice.below(6) {
        0 | 1 => {
            let ids: Vec<usize> = (0..parts.len()).filter(|at| is_id(&parts[*at])).collect();
            if !ids.is_empty() {
                parts[dice.one_of(&ids)] = id(dice, scene);
            }
        }
        2 => {
            let at = 1 + dice.below(parts.len() - 1);
            parts.insert(at, dice.one_of(PATH_PARTS).to_owned());
        }
        3 => {
            let at = 1 + dice.below(parts.len() - 1);
            parts[at] = encoded(&parts[at]);
        }
        4 if dice.once_in(8) => parts.push("x".repeat(2000)),
        _ => {}
    }
    let mut written = parts.join("/");
    if !query.is_empty() || dice.once_in(4) {
        written = format!("{written}?{}", mutated_query(dice, scene, query));
    }
    written
}

fn is_id(part: &str) -> bool {
    part.bytes().any(|byte| byte.is_ascii_digit())
        && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn id(dice: &mut Dice, scene: &Scene) -> String {
    match dice.below(3) {
        0 => scene.somebody_elses(dice),
        1 => encoded(dice.one_of(NUMBERS)),
        _ => dice.one_of(PATH_PARTS).to_owned(),
    }
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn mutated_query(dice: &mut Dice, scene: &Scene, valid: &str) -> String {
    let mut pairs: Vec<String> = valid.split('&').filter(|pair| !pair.is_empty()).map(str::to_owned).collect();
    let names =
        ["page", "page_size", "since", "before", "after", "limit", "q", "user", "search", "public", "token", "%00"];
    match dice.below(3) {
        0 if !pairs.is_empty() => {
            let at = dice.below(pairs.len());
            let name = pairs[at].split('=').next().unwrap_or_default().to_owned();
            pairs[at] = format!("{name}={}", id(dice, scene));
        }
        1 => pairs.push(format!("{}={}", dice.one_of(&names), id(dice, scene))),
        _ => pairs.push(dice.one_of(&["=", "&&", "%", "a=b=c", "page", "page=1&page=2", "%zz=%zz", "+"]).to_owned()),
    }
    pairs.join("&")
}

pub fn method(dice: &mut Dice) -> &'static str {
    dice.one_of(METHODS)
}

pub fn header(dice: &mut Dice) -> String {
    match dice.below(12) {
        0 => format!("X-Long: {}", "y".repeat(1 << dice.below(13))),
        1 => format!("Cookie: {}", "a=b; ".repeat(1 + dice.below(200))),
        _ => dice.one_of(HEADERS).to_owned(),
    }
}

pub fn content_type(dice: &mut Dice) -> &'static str {
    dice.one_of(CONTENT_TYPES)
}

/// A form for a file, whole or broken.
pub fn upload(dice: &mut Dice) -> (String, Vec<u8>) {
    let names: [&[u8]; 8] =
        [b"a.txt", b"", b"../../x", b"a\0b", b"\xff\xfe", b"a\\\"b", "\u{202e}gpj.exe".as_bytes(), &[b'n'; 3000]];
    let mut body = Vec::new();
    for _ in 0..=dice.below(3) * dice.below(40) {
        body.extend_from_slice(b"--b\r\nContent-Disposition: form-data; name=\"");
        body.extend_from_slice(dice.one_of(&["file", "avatar", "", "other"]).as_bytes());
        if !dice.once_in(4) {
            body.extend_from_slice(b"\"; filename=\"");
            body.extend_from_slice(dice.one_of(&names));
        }
        body.extend_from_slice(b"\"\r\n");
        if dice.once_in(2) {
            body.extend_from_slice(b"Content-Type: text/html\r\n");
        }
        body.extend_from_slice(b"\r\n");
        body.extend_from_slice(dice.one_of(&[b"GIF89a<script>".as_slice(), b"", b"\0\0\0\0", b"%PDF-1.7", b"--b"]));
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(if dice.once_in(5) { b"--b" } else { b"--b--\r\n" });
    if dice.once_in(5) {
        body.truncate(dice.below(body.len()));
    }
    let kind = if dice.once_in(6) { content_type(dice) } else { "multipart/form-data; boundary=b" };
    (kind.to_owned(), body)
}

/// Requests that are hardly HTTP. Each is alone on its connection.
pub fn broken_request(dice: &mut Dice, path: &str, token: &str) -> Vec<u8> {
    let auth = format!("Authorization: Token {token}\r\nConnection: close\r\n");
    let text = match dice.below(12) {
        0 => format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\n{auth}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        ),
        1 => format!("POST {path} HTTP/1.1\r\nHost: x\r\n{auth}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}"),
        2 => {
            format!("POST {path} HTTP/1.1\r\nHost: x\r\n{auth}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n")
        }
        3 => format!("POST {path} HTTP/1.1\r\nHost: x\r\n{auth}Transfer-Encoding: chunked\r\n\r\n5\r\nab"),
        4 => format!("GET {path} HTTP/1.1\r\n{auth}\r\n"),
        5 => format!("GET {path} HTTP/1.1\r\nHost: a\r\nHost: b\r\n{auth}\r\n"),
        6 => format!("GET {path} HTTP/1.0\r\n{auth}\r\n"),
        7 => format!("GET http://evil.example{path} HTTP/1.1\r\nHost: \u{e9}\r\n{auth}\r\n"),
        8 => format!("GET {path} HTTP/1.1\r\nHost : x\r\n Folded: y\r\n{auth}\r\n"),
        9 => format!("POST {path} HTTP/1.1\r\nHost: x\r\n{auth}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{{}}"),
        10 => format!("POST {path} HTTP/1.1\r\nHost: x\r\n{auth}Content-Length: 9\r\n\r\n{{}}"),
        _ => format!("CONNECT {path} HTTP/1.1\r\nHost: x\r\n{auth}\r\n"),
    };
    let mut bytes = text.into_bytes();
    if dice.once_in(3) {
        let at = dice.below(bytes.len());
        bytes[at] = dice.byte();
    }
    bytes
}
