//! Bytes to upload, and the multipart form that carries them. The form is
//! written by hand so that a test can put any bytes into its headers.

/// A picture of one pixel.
pub const PNG: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00,
    0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x06, 0x00, 0x00, 0x00, 0x1f, 0x15, 0xc4, 0x89, 0x00, 0x00, 0x00, 0x0d, 0x49,
    0x44, 0x41, 0x54, 0x78, 0xda, 0x63, 0x64, 0xf8, 0xcf, 0x50, 0x0f, 0x00, 0x03, 0x86, 0x01, 0x80, 0x5a, 0x34, 0x7d,
    0x6b, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
];

pub const HTML: &[u8] = b"<!doctype html><script>alert(document.cookie)</script>";
pub const SVG: &[u8] = b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"><rect/></svg>";

const BOUNDARY: &str = "----fireside-test-boundary";

/// One part of a multipart form.
pub struct Part<'a> {
    pub field: &'a str,
    /// What stands between the quotes of `filename="…"`, untouched.
    pub filename: Option<&'a [u8]>,
    pub content_type: Option<&'a str>,
    pub bytes: &'a [u8],
}

/// A `file` field, as a browser would send it.
pub fn file<'a>(name: &'a str, content_type: &'a str, bytes: &'a [u8]) -> Part<'a> {
    Part { field: "file", filename: Some(name.as_bytes()), content_type: Some(content_type), bytes }
}

/// A text field.
pub fn text<'a>(field: &'a str, value: &'a str) -> Part<'a> {
    Part { field, filename: None, content_type: None, bytes: value.as_bytes() }
}

/// The form's content type and body.
pub fn multipart(parts: &[Part<'_>]) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for part in parts {
        body.extend_from_slice(
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{}\"", part.field).as_bytes(),
        );
        if let Some(name) = part.filename {
            body.extend_from_slice(b"; filename=\"");
            body.extend_from_slice(name);
            body.push(b'"');
        }
        if let Some(content_type) = part.content_type {
            body.extend_from_slice(format!("\r\nContent-Type: {content_type}").as_bytes());
        }
        body.extend_from_slice(b"\r\n\r\n");
        body.extend_from_slice(part.bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={BOUNDARY}"), body)
}
