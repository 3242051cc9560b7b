//! Files through the page.

use super::talk::direct;
use super::{Browser, browser_is_here};
use crate::world::Fireside;
use crate::world::bytes::PNG;

#[tokio::test]
async fn a_picture_is_sent_and_seen_and_what_is_too_large_is_refused_first() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start_with(&["--max-upload", "100000"]).await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let chat = direct(&alice, &bob).await;
    let hers = Browser::of(&fireside, &alice).await;
    let his = Browser::of(&fireside, &bob).await;
    hers.opens_chat(chat).await;
    his.opens_chat(chat).await;

    let folder = tempfile::tempdir().unwrap();
    let large = folder.path().join("large.bin");
    std::fs::write(&large, vec![7; 100_001]).unwrap();
    hers.picks_file(&large).await;
    hers.reads(".composer [role=alert]", "large.bin").await;
    assert!(!hers.loaded().await.iter().any(|address| address.contains("/files/upload")), "nothing was sent");

    let picture = folder.path().join("dot.png");
    std::fs::write(&picture, PNG).unwrap();
    hers.picks_file(&picture).await;
    hers.reads(".uploads", "dot.png").await;
    hers.presses_button("Remove dot.png").await;
    hers.until("document.querySelector('.uploads').hidden").await;
    hers.picks_file(&picture).await;
    hers.says("look").await;
    his.sees(".picture img").await;
    his.until("document.querySelector('.picture img').naturalWidth === 1").await;
    his.clicks(".picture").await;
    his.sees("dialog.lightbox img[src^=blob]").await;
    hers.leaves().await;
    his.leaves().await;
}
