//! Whom and what the cases are about: ids that are alice's, and some that are not.

use serde_json::json;

use super::dice::Dice;
use crate::world::{Fireside, Person, id};

/// Alice asks, bob is with her, carol is not.
pub struct People {
    pub alice: Person,
    pub bob: Person,
    pub carol: Person,
}

impl People {
    pub async fn meet(fireside: &Fireside) -> Self {
        Self {
            alice: fireside.registers("alice").await,
            bob: fireside.registers("bob").await,
            carol: fireside.registers("carol").await,
        }
    }
}

/// What there is in a round. Cases delete and leave things, so each round has new ones.
pub struct Scene {
    round: u64,
    /// What `{name}` in a sentence stands for.
    ids: Vec<(&'static str, i64)>,
    foreign: Vec<i64>,
}

impl Scene {
    pub async fn set(people: &People, round: u64) -> Self {
        let People { alice, bob, carol } = people;
        let den = alice.opens_room("den").await;
        bob.joins(&den).await;
        let said = alice.posts("said").in_room(&den).await;
        let file = alice.uploads("a.txt", b"some text").await;
        let direct = alice.post("/api/chats/create/", &json!({"user_id": bob.id})).await.is(201).json();
        let letter = json!({"receiver": bob.id, "content": "a letter"});
        let mine = alice.post("/api/messages/", &letter).await.is(201).json();
        let theirs = carol.opens_room("carol's").await;
        carol.makes_private(&theirs).await;
        let secret = carol.posts("carol's secret").in_room(&theirs).await;
        let paper = carol.uploads("carol.txt", b"carol's secret").await;
        let ids = vec![
            ("{room}", den.id),
            ("{said}", id(&said)),
            ("{file}", id(&file)),
            ("{direct}", id(&direct)),
            ("{mine}", id(&mine)),
            ("{theirs}", theirs.id),
            ("{me}", alice.id),
            ("{bob}", bob.id),
        ];
        Self { round, ids, foreign: vec![theirs.id, id(&secret), id(&paper), carol.id] }
    }

    /// A sentence with ids in place of names, and words that were never said.
    pub fn fill(&self, sentence: &str, dice: &mut Dice) -> String {
        let mut filled = sentence.replace("{new}", &format!("{}x{:x}", self.round, dice.next()));
        for (name, id) in &self.ids {
            filled = filled.replace(&format!("\"{name}\""), &id.to_string()).replace(name, &id.to_string());
        }
        assert!(!filled.contains("{r") && !filled.contains("{m"), "{filled}");
        filled
    }

    /// An id that means something, to others.
    pub fn somebody_elses(&self, dice: &mut Dice) -> String {
        dice.one_of(&self.foreign).to_string()
    }
}
