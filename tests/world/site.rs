//! Another site: a page and its script, whoever asks for them.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Serves `page`, and `script` at every path that ends in `.mjs`. Its address.
pub async fn site(page: String, script: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut visitor, _)) = listener.accept().await {
            let mut head = [0; 4096];
            let length = visitor.read(&mut head).await.unwrap_or(0);
            let path = String::from_utf8_lossy(&head[..length]).split(' ').nth(1).unwrap_or_default().to_owned();
            let is_script = path.ends_with(".mjs");
            let (kind, body) = if is_script { ("text/javascript", script) } else { ("text/html", page.as_str()) };
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            // A browser also opens connections that it does not use.
            visitor.write_all(answer.as_bytes()).await.ok();
        }
    });
    url
}
