//! The page at `/docs` as it is sent. What it does is tested in a browser, in `client::docs`.

use crate::world::Fireside;

const FILES: [&str; 10] = [
    "/docs",
    "/css/tokens.css",
    "/docs/docs.css",
    "/docs/dom.js",
    "/docs/shape.js",
    "/docs/sample.js",
    "/docs/start.js",
    "/docs/pages.js",
    "/docs/live.js",
    "/docs/try.js",
];

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

#[tokio::test]
async fn a_browser_at_an_address_where_nothing_is_meets_a_page_and_a_program_json() {
    let fireside = Fireside::start().await;
    let browser = "text/html,application/xhtml+xml,*/*;q=0.8";
    for path in ["/nothing", "/nothing/at/all/", "/chat-7"] {
        let page = fireside.anyone().get(path).with("Accept", browser).with("If-None-Match", "*").await.is(404);
        assert!(page.header("content-type").starts_with("text/html") && page.text().contains("id=\"root\""), "{page}");
        assert!(
            page.headers.get("etag").is_none() && page.header("content-security-policy").contains("'self'"),
            "{page}"
        );
        fireside.anyone().get(path).await.refused(404, "not_found");
        fireside.anyone().post(path, &serde_json::json!({})).with("Accept", browser).await.refused(404, "not_found");
    }
    for path in ["/api/nothing/", "/d/rooms/api/nothing/", "/messages/api/nothing/", "/media/user_images/nothing.jpg"] {
        let answer = fireside.anyone().get(path).with("Accept", browser).await.is(404);
        assert!(answer.header("content-type").starts_with("application/json"), "{path}: {answer}");
    }
    // Of a page there is, the browser has the right one already.
    let page = fireside.anyone().get("/").with("Accept", browser).await.is(200);
    fireside.anyone().get("/").with("If-None-Match", page.header("etag")).await.is(304);
}
