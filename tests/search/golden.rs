//! What is found by what, in ten scripts: before the index knows it and after.

use super::{fills, finds, found};
use crate::messaging::words::{group, say};
use crate::world::Fireside;

/// A text, what finds it, and what does not.
const GOLDEN: &[(&str, &[&str], &[&str])] = &[
    // Latin.
    (
        "The Straße to New-York: Café Zürich, e-mail ann.lee@example.org!",
        &[
            "strasse",
            "STRASSE",
            "new york",
            "\"new york\"",
            "new-york",
            "cafe",
            "CAFÉ",
            "cafe\u{301}",
            "zuri",
            "e-mail",
            "ann.lee@example.org",
            "example",
            "lee@exam",
            "ｎｅｗ",
            "york -boston",
            "\"the strasse to new york\"",
            "org!",
        ],
        &[
            "\"york new\"",
            "yor x",
            "\"yor\"",
            "ork",
            "zur -new",
            "mail.e",
            "caf zurich",
            "\"to york\"",
            "NEAR(new york)",
        ],
    ),
    ("Smørrebrød og Łódź, ﬁne", &["smørrebrød", "Łodz", "SMØR", "łódź og", "fine"], &["smorrebrod", "lodz"]),
    ("İstanbul ve ışık", &["istanbul", "ışık", "ISTANBUL"], &["isik"]),
    // Cyrillic.
    (
        "Ёлка стоит: чай, їжак и Йод",
        &["елка", "ЁЛКА", "чай", "їжак", "йод", "сто", "\"елка стоит\""],
        &["чаи", "іжак", "иод", "лка"],
    ),
    // Greek.
    ("Ὀδυσσεύς και Ιθάκη", &["οδυσσευσ", "ΟΔΥΣΣΕΥΣ", "ιθακη", "οδυσ"], &["δυσσεύς"]),
    // Hebrew.
    ("שָׁלוֹם עֲלֵיכֶם", &["שלום", "שָׁלוֹם", "\"שלום עליכם\""], &["לום"]),
    // Arabic.
    ("هَذَا كِتَابٌ جديد", &["كتاب", "كِتَاب", "هذا"], &["تاب"]),
    // Devanagari.
    ("नमस्ते हिन्दी", &["नमस्ते", "हिन्दी", "नम"], &["मस्ते", "नमसते हन"]),
    // Chinese.
    ("我们在北京大学见面", &["北京", "北京大学", "京大", "大学见面"], &["京北", "北大", "\"北京 大学\"", "京 学北"]),
    // Japanese.
    (
        "東京タワーへ行きました。ｶﾞｲﾄﾞ",
        &["東京", "タワー", "ました", "ガイド", "京タ"],
        &["タワ東", "東行", "かいと", "たわー"],
    ),
    // Korean.
    ("한국어를 배우는 서울 API를", &["한국", "국어", "어를", "배우는", "API"], &["한어", "국울", "\"는서울\""]),
    // Thai.
    ("ฉันเรียนภาษาไทยทุกวัน", &["ภาษาไทย", "ภาษา", "ทุกวัน", "ยน"], &["ไทยภาษา", "ภาไทย"]),
    // Numbers and code.
    (
        "v1.2.3 costs 1,000.50 in snake_case and http://localhost:8080/path",
        &["2.3", "1,000", "50", "snake", "case", "snake_case", "localhost", "8080", "localhost:8080/pa", "snake -foo"],
        &["000", "2.1", "snakecase", "snake -case"],
    ),
];

#[tokio::test]
async fn golden_questions_hold_before_the_index_knows_the_messages_and_after() {
    let fireside = Fireside::start_with(&["--durability", "normal"]).await;
    let alice = fireside.registers("alice").await;
    let chat = group(&alice, "golden", &[]).await;
    for (text, ..) in GOLDEN {
        say(&alice, text, chat).await;
    }
    for round in ["looked through", "by the index"] {
        for (text, hits, misses) in GOLDEN {
            for q in *hits {
                let found = found(&alice, q).await;
                assert!(found.iter().any(|found| found == text), "{round}: {q} finds {text}, and found {found:?}");
            }
            for q in *misses {
                let found = found(&alice, q).await;
                assert!(!found.iter().any(|found| found == text), "{round}: {q} does not find {text}");
            }
        }
        fills(&fireside, &alice, chat).await;
    }
}

#[tokio::test]
async fn what_matched_is_shown_and_lit() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let chat = group(&alice, "lit", &[]).await;
    say(&alice, "«Ｂｌｕｅ Sea», blue 🐟 cafe\u{301}s, 東京都", chat).await;
    let long = format!("{}needle and {}", "hay ".repeat(300), "straw ".repeat(300));
    say(&alice, &long, chat).await;
    for (q, lit) in [
        ("blue", vec!["Ｂｌｕｅ", "blue"]),
        ("\"blue sea\" caf", vec!["Ｂｌｕｅ Sea", "cafe\u{301}s"]),
        ("京都", vec!["京都"]),
        ("in:lit fish", vec![]),
    ] {
        let found = finds(&alice, &[("q", q)]).await;
        if lit.is_empty() {
            assert!(found.is_empty(), "{found:?}");
            continue;
        }
        assert_eq!(super::texts(&found), ["«Ｂｌｕｅ Sea», blue 🐟 cafe\u{301}s, 東京都"], "{q}");
        let snippet: Vec<char> = found[0]["snippet"].as_str().unwrap().chars().collect();
        let marks = found[0]["highlights"].as_array().unwrap().iter();
        let shown = marks.map(|mark| {
            let end = |at: usize| usize::try_from(mark[at].as_u64().unwrap()).unwrap();
            snippet[end(0)..end(1)].iter().collect::<String>()
        });
        assert_eq!(shown.collect::<Vec<_>>(), lit, "{q}");
    }
    let found = finds(&alice, &[("q", "needle")]).await;
    let snippet = found[0]["snippet"].as_str().unwrap();
    assert!(snippet.chars().count() <= 240 && snippet.starts_with('…') && snippet.ends_with('…'), "{snippet}");
    assert!(long.contains(snippet.trim_matches('…')) && snippet.contains("needle"), "{snippet}");
    let found = finds(&alice, &[("chat", &chat.id.to_string())]).await;
    assert!(found.len() == 2 && found.iter().all(|found| found["highlights"] == serde_json::json!([])), "{found:?}");
}
