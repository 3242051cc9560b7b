//! The page at `/docs` as it is sent. What it does is tested in a browser, in `client::docs`.

use crate::world::Fireside;

const FILES: [&str; 7] =
    ["/docs", "/css/tokens.css", "/docs/docs.css", "/docs/dom.js", "/docs/shape.js", "/docs/sample.js", "/docs/try.js"];

#[tokio::test]
async fn the_page_is_light_and_names_nobody_else() {
    let fireside = Fireside::start().await;
    let mut size = 0;
    for path in FILES.iter().chain(&["/docs/docs.js"]) {
        let small = fireside.anyone().get(path).with("Accept-Encoding", "br").await.is(200);
        assert_eq!(small.header("content-encoding"), "br", "{path}");
        size += small.body.len();
        let plain = fireside.anyone().get(path).await.is(200);
        assert!(!plain.text().contains("://"), "{path} names another address");
    }
    assert!(size < 40_000, "{size} bytes");
}

#[tokio::test]
async fn the_page_may_do_nothing_that_is_not_the_servers_own() {
    let fireside = Fireside::start().await;
    for path in ["/docs", "/docs/"] {
        let page = fireside.anyone().get(path).await.is(200);
        assert!(page.header("content-type").starts_with("text/html"));
        let policy = page.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self'"), "{policy}");
        assert!(!policy.contains("unsafe-"), "{policy}");
        assert!(!page.text().contains("style=") && !page.text().contains("onclick"), "{page}");
    }
    fireside.anyone().get("/docs/nothing.js").await.is(404);
}
