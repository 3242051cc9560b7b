//! People whose name cannot stay as it was.

use serde_json::json;

use super::{Project, signs_in};
use crate::world::{Fireside, Home};

/// Gives people of a project passwords that are known, and names that no username here may be.
fn renamed() -> Project {
    let project = Project::of("inbox");
    project.changed(
        "UPDATE auth_user SET username = 'anna k.' WHERE username = 'anna';
         UPDATE auth_user SET username = '4912345', email = '' WHERE username = 'boris';
         UPDATE auth_user SET username = 'ANNA K', password = (SELECT password FROM auth_user WHERE username = '4912345')
             WHERE username = 'd@ve';
         UPDATE auth_user SET username = 'Clara' || char(10) WHERE username = 'clara'",
    );
    project
}

#[tokio::test]
async fn whoever_has_another_name_signs_in_by_the_old_one() {
    let (project, home) = (renamed(), Home::new());
    let done = project.moves_to(&home, &[]).await;
    let said = &done.succeeded().stdout;
    assert!(said.contains("sign in by the old one, too (\"anna k.\" is anna.k, \"4912345\" is user-4912345"), "{said}");
    let fireside = Fireside::start_in(home, &[]).await;
    for (login, name) in
        [("anna k.", "anna"), ("Anna K.", "anna"), ("4912345", "boris"), ("anna.k", "anna"), ("clara", "clara")]
    {
        signs_in(&fireside, login, &format!("old password of {name}")).await.expect(login);
    }
    signs_in(&fireside, "4912345", "old password of anna").await.expect_err("another's password");
    signs_in(&fireside, "anna k", "old password of anna").await.expect_err("nearly");
    // The name goes along wherever the account goes.
    let export = project.folder.path().join("team.tar");
    let target = Home::new();
    fireside.home.runs(&["export", export.to_str().unwrap(), "--with-secrets"], "").await.succeeded();
    target.runs(&["import", export.to_str().unwrap()], "").await.succeeded();
    let elsewhere = Fireside::start_in(target, &[]).await;
    signs_in(&elsewhere, "4912345", "old password of boris").await.expect("there, too");
}

#[tokio::test]
async fn whose_name_somebody_else_has_is_named_with_what_to_tell_them() {
    let (project, home) = (Project::of("inbox"), Home::new());
    project.changed(
        "UPDATE auth_user SET username = 'ANNA', email = '' WHERE username = 'boris';
         UPDATE auth_user SET username = 'anna@example.org', email = '' WHERE username = 'clara'",
    );
    let done = project.moves_to(&home, &[]).await;
    let said = &done.succeeded().stdout;
    for told in [
        "tell \"ANNA\" to sign in as ANNA-2: somebody else has the old name",
        "tell \"anna@example.org\" to sign in as anna.example.org: somebody else has the old name",
    ] {
        assert!(said.contains(told), "{told}: {said}");
    }
    let fireside = Fireside::start_in(home, &[]).await;
    signs_in(&fireside, "anna", "old password of boris").await.expect_err("she is another");
    signs_in(&fireside, "ANNA-2", "old password of boris").await.expect("as he was told");
    signs_in(&fireside, "anna@example.org", "old password of clara").await.expect_err("anna's address");
    signs_in(&fireside, "anna@example.org", "old password of anna").await.expect("her own");
}

#[tokio::test]
async fn nobody_else_gets_the_address_by_which_somebody_signed_in_before() {
    let (project, home) = (Project::of("inbox"), Home::new());
    project.changed("UPDATE auth_user SET username = 'anna@old.example', email = '' WHERE username = 'anna'");
    project.moves_to(&home, &[]).await.succeeded();
    let fireside = Fireside::start_in(home, &[]).await;
    let stranger = |email: &str| json!({"username": "mallory", "email": email, "password": "correct horse", "password_confirm": "correct horse"});
    let register = "/api/auth/register/";
    fireside.anyone().post(register, &stranger("Anna@old.example")).await.names("email");
    signs_in(&fireside, "anna@old.example", "old password of anna").await.expect("as before");
    fireside.anyone().post(register, &stranger("mallory@old.example")).await.is(201);
}

/// Two who had nearly the same name: the password of one is not tried for the other.
#[tokio::test]
async fn a_name_that_two_had_signs_in_neither() {
    let (project, home) = (Project::of("inbox"), Home::new());
    project.changed(
        "UPDATE auth_user SET username = 'the boss' WHERE username = 'anna';
         UPDATE auth_user SET username = 'The Boss' WHERE username = 'boris'",
    );
    let done = project.moves_to(&home, &[]).await;
    let said = &done.succeeded().stdout;
    assert_eq!(said.matches("others had the old name, too").count(), 2, "{said}");
    let fireside = Fireside::start_in(home, &[]).await;
    for name in ["anna", "boris"] {
        signs_in(&fireside, "the boss", &format!("old password of {name}")).await.expect_err(name);
        signs_in(&fireside, &format!("{name}@example.org"), &format!("old password of {name}")).await.expect(name);
    }
}
