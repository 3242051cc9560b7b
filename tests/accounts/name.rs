//! Which usernames there are.

use serde_json::json;

use crate::world::{Answer, Fireside};

async fn wants_to_be(fireside: &Fireside, name: &str, number: usize) -> Answer {
    let body = json!({
        "username": name, "email": format!("person{number}@example.com"),
        "password": "password123",
    });
    fireside.anyone().post("/api/auth/register/", &body).await
}

#[tokio::test]
async fn names_of_every_script_are_good() {
    let fireside = Fireside::start().await;
    let long = "a".repeat(64);
    let long_cyrillic = "ж".repeat(64);
    for (number, name) in [
        "a",
        "alice",
        "Alice2",
        "1a",
        "a1",
        "_x_",
        "_",
        "a.b",
        "a+b",
        "a-b",
        "a_b",
        "a..b",
        "user.name+tag-x",
        "алиса",
        "алиса2",
        "李雷",
        "ünal",
        "Ελένη",
        "دانا",
        "한국어",
        long.as_str(),
        long_cyrillic.as_str(),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = wants_to_be(&fireside, name, number).await.is(201);
        assert_eq!(answer.json()["user"]["username"], name);
    }
}

#[tokio::test]
async fn names_that_mislead_are_bad() {
    let fireside = Fireside::start().await;
    let long = "a".repeat(65);
    for (number, (name, why)) in [
        ("", "empty"),
        ("   ", "blank"),
        (long.as_str(), "too long"),
        ("1234", "all digits would be an id in a path"),
        ("١٢٣", "digits of another script"),
        ("१२३", "digits of yet another"),
        (".a", "begins with a dot"),
        ("a.", "ends with a dot"),
        ("-a", "begins with a dash"),
        ("a-", "ends with a dash"),
        ("+a", "begins with a plus"),
        ("a+", "ends with a plus"),
        ("a b", "a space"),
        ("a@b", "an address"),
        ("a/b", "a slash"),
        ("a\\b", "a backslash"),
        ("a<b>", "markup"),
        ("a\"b", "a quote"),
        ("a\nb", "a line"),
        ("a\0b", "a NUL"),
        ("\u{430}lice", "a Cyrillic letter among Latin ones"),
        ("p\u{430}ypal", "another"),
        ("a\u{200b}b", "a space without width"),
        ("a\u{200d}b", "a joiner"),
        ("a\u{202e}b", "turned around"),
        ("a\u{ad}b", "a soft hyphen"),
        ("\u{1160}", "a filler that is a letter, and not seen"),
        ("\u{115f}\u{1160}", "two of them"),
        ("\u{3164}", "another"),
        ("\u{ffa0}", "another"),
        ("a\u{1160}", "one behind a letter"),
        ("\u{2800}", "a pattern of Braille without dots"),
        ("a\u{34f}b", "a joiner that is not seen"),
        ("a\u{e0061}b", "a tag"),
        ("a\u{363}\u{363}\u{363}\u{363}\u{363}", "a tower of marks"),
        ("😀", "a picture"),
        ("a😀b", "a picture among letters"),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = wants_to_be(&fireside, name, number).await;
        assert_eq!(answer.status, 400, "{why}: {answer}");
        answer.names("username");
    }
}

#[tokio::test]
async fn a_name_is_trimmed() {
    let fireside = Fireside::start().await;
    let answer = wants_to_be(&fireside, "  carol\n", 1).await.is(201);
    assert_eq!(answer.json()["user"]["username"], "carol");
}

#[tokio::test]
async fn names_that_look_the_same_are_the_same() {
    let fireside = Fireside::start().await;
    for (number, name) in ["bob", "émile", "Жанна"].into_iter().enumerate() {
        wants_to_be(&fireside, name, number).await.is(201);
    }
    for (number, (twin, why)) in [
        ("BOB", "another case"),
        ("Bob", "another case"),
        ("ｂｏｂ", "full width"),
        ("ÉMILE", "another case beyond ASCII"),
        ("e\u{301}mile", "another spelling of é"),
        ("жАННА", "another case of another script"),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = wants_to_be(&fireside, twin, 10 + number).await;
        assert_eq!(answer.status, 400, "{why}: {answer}");
        answer.names("username");
    }
    let login = json!({"username": "жАННА", "password": "password123"});
    let answer = fireside.anyone().post("/api/auth/login/", &login).await.is(200);
    assert_eq!(answer.json()["user"]["username"], "Жанна", "kept as it was written");
}

/// Somebody has a plain name: nobody gets one that is drawn like it, whatever its letters.
#[tokio::test]
async fn nobody_looks_like_somebody_else() {
    let fireside = Fireside::start().await;
    for (number, name) in ["coco", "alice", "bob", "user1", "Оса", "hello"].into_iter().enumerate() {
        wants_to_be(&fireside, name, number).await.is(201);
    }
    for (number, (twin, why)) in [
        ("сосо", "Cyrillic letters"),
        ("СОСО", "Cyrillic capitals"),
        ("ВОВ", "Cyrillic capitals that look like B and O"),
        ("ΒΟΒ", "Greek capitals"),
        ("ɑlice", "another Latin a"),
        ("ALıCE", "a Latin i without its dot"),
        ("oca", "Latin letters like Cyrillic ones"),
        ("user\u{661}", "a digit of another script"),
        ("user\u{9e7}", "a digit of yet another"),
        ("user\u{1d7d9}", "a mathematical digit"),
        ("user\u{b9}", "a small digit"),
        ("ali\u{200b}ce", "a space without width"),
        ("alice\u{feff}", "a mark that is not seen"),
        ("al\u{34f}ice", "a joiner that is not seen"),
        ("al\u{2060}ice", "a joiner of words"),
        ("\u{202e}ecila", "turned around"),
        ("\u{2067}alice", "isolated"),
        ("ALICE", "another case"),
        ("ａｌｉｃｅ", "full width"),
        ("𝐚𝐥𝐢𝐜𝐞", "mathematical letters"),
        ("ⓐⓛⓘⓒⓔ", "letters in circles"),
        ("һеӏӏо", "Cyrillic letters, one of them seldom"),
        ("alice\u{301}\u{301}", "marks above"),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = wants_to_be(&fireside, twin, 100 + number).await;
        assert_eq!(answer.status, 400, "{why}: {answer}");
        answer.names("username");
    }
    // What is like nobody's name is good, in each of these alphabets.
    for (number, name) in ["Сара", "βασίλης", "modern", "modem", "user2"].into_iter().enumerate() {
        wants_to_be(&fireside, name, 200 + number).await.is(201);
    }
    // Of 32 who want to look alike at the same time, one does.
    let wishes = (0..32).map(|number| wants_to_be(&fireside, ["еее", "eee"][number % 2], 300 + number));
    let answers = futures_util::future::join_all(wishes).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
}

/// What is shown in place of the name turns nothing around, and is seen.
#[tokio::test]
async fn a_display_name_is_seen_and_stays_on_its_side() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let path = format!("/api/users/{}/", alice.id);
    let zalgo = format!("Z{}", "\u{336}\u{30d}".repeat(5));
    for bad in [
        "\u{202e}ecila",
        "alice\u{2066}",
        "a\u{200f}b",
        "\u{200b}",
        "\u{3164}\u{3164}",
        "\u{2800}\u{2060}",
        "\u{1160}",
        "\u{ffa0} \u{115f}",
        "\u{2068}a\u{2069}",
        &zalgo,
    ] {
        let answer = alice.patch(&path, &json!({"display_name": bad})).await;
        assert_eq!(answer.status, 400, "{bad:?}: {answer}");
        answer.names("display_name");
    }
    for good in ["👩\u{200d}🚀 Alice", "شادی می\u{200c}خواهم", "שָׁלוֹם", "السَّلَامُ", "क्षत्रिय", "ผู้ใหญ่", "Nguyễn"]
    {
        assert_eq!(alice.patch(&path, &json!({"display_name": good})).await.is(200).json()["display_name"], good);
    }
    for bad in ["\u{202e}ned", "den\u{2066}", "\u{1160}", &zalgo] {
        alice.post("/api/rooms/", &json!({"name": bad})).await.names("name");
        let group = json!({"chat_type": "group", "title": bad});
        let answer = alice.post("/messages/api/chats/", &group).await.is(400);
        assert!(answer.json()["details"]["title"].is_array(), "{answer}");
        let post = json!({"title": bad, "content": "words"});
        let answer = alice.post("/profiles/api/posts/", &post).await.is(400);
        assert!(answer.json()["title"].is_array(), "{answer}");
    }
    alice.post("/api/rooms/", &json!({"name": "שולחן 👩\u{200d}🚀"})).await.is(201);
}
