//! When the index is asked for blocks.

use std::time::Instant;

use super::{Finder, Order, Plan, Question, Scope, Wish, state};
use crate::chat::Durability;
use crate::chat::app::{App, Config};
use crate::chat::model::message::Draft;
use crate::chat::model::name::MessageText;
use crate::chat::model::search::MAX_TIME;
use crate::chat::tests::{SMALL, group, person};

#[tokio::test]
async fn the_index_is_asked_for_blocks_only_of_what_many_messages_have() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = Config { durability: Durability::Normal, thresholds: SMALL, ..Config::of(folder.path()) };
    let app = App::open(config).expect("opened");
    let alice = person(&app, "alice").await;
    let den = group(&app, &alice, &[]).await;
    for number in 0..60 {
        let text = if number == 7 { "often always once twice" } else { "often always" };
        let draft = Draft::of(MessageText::parse(text, 100).expect("a text"), None);
        app.post(&alice, den, draft).await.expect("posted");
    }
    while app.index_piece().await.expect("entered").is_more {}
    for (typed, is_long) in [("often \"always\"", true), ("once \"twice\"", false), ("\"often\"", false)] {
        let question = Question::read(typed, &[]).expect("a question");
        let (me, now, thresholds, order) = (alice.user, app.now(), SMALL.search, Order::Newest);
        let asked = app.store.search_for(me, move |db| {
            let until = Instant::now() + MAX_TIME;
            let wish = Wish { me, question: &question, order, after: None, count: 21, now, thresholds, until };
            let (scope, state) = (Scope::of(db, me, &question, false)?, state(db)?);
            let plan = Plan::of(db, &question, &scope, state, thresholds)?.expect("words to look up");
            Finder { db, wish: &wish, scope, state }.is_long(&plan)
        });
        assert_eq!(asked.await.expect("answered"), is_long, "{typed}");
    }
}
