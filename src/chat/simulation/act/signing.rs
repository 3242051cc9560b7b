//! Signing in and out, passwords, and what is tried with what is over.

use super::{Act, Done, What};
use crate::chat::app::App;
use crate::chat::model::admin::{Administrator, UserChange};
use crate::chat::model::id::ChatId;
use crate::chat::model::password::Password;
use crate::chat::model::session::{Actor, CredentialKind, Family};
use crate::chat::model::token::secret_hash;
use crate::chat::simulation::login::{Life, Secret};
use crate::chat::simulation::template::FAMILY_LIFE;
use crate::chat::simulation::world::World;

fn end_begins(world: &mut World, person: usize) {
    world.people[person].endings += 1;
    world.people[person].ending_now += 1;
}

/// All of somebody's credentials but one are about to end.
fn end_all(world: &mut World, person: usize, kept: Option<usize>) -> Vec<usize> {
    end_begins(world, person);
    let mut ending = world.logins_of(person, Life::Live);
    ending.retain(|login| Some(*login) != kept);
    for login in &ending {
        world.logins[*login].life = Life::Ending;
    }
    ending
}

pub(super) fn change_password(world: &mut World, app: &App, login: usize, actor: Actor) -> Option<Act> {
    let person = world.logins[login].person;
    if world.people[person].is_changing {
        return None;
    }
    let old = world.people[person].password.take()?;
    world.people[person].is_changing = true;
    let new = format!("password {}", world.step);
    let logins = end_all(world, person, Some(login));
    let (app, before, after) = (app.clone(), Password::attempt(&old), Password::attempt(&new));
    let label = format!("login {login} of {} changes the password to {new:?}", actor.username);
    let operation = async move { Done::Plain(app.change_password(&actor, before, after).await) };
    Some((label, What::Password { person, new, old: Some(old), logins }, Box::pin(operation)))
}

pub(super) fn set_password(world: &mut World, app: &App) -> Option<Act> {
    let person = world.dice.below(world.people.len());
    if world.people[person].is_changing {
        return None;
    }
    let old = world.people[person].password.take();
    world.people[person].is_changing = true;
    let new = format!("password {}", world.step);
    let logins = end_all(world, person, None);
    let (app, after, user) = (app.clone(), Password::attempt(&new), world.people[person].id);
    let label = format!("the operator sets the password of {} to {new:?}", world.people[person].name);
    let operation = async move { Done::Plain(app.set_password(user, after).await) };
    Some((label, What::Password { person, new, old, logins }, Box::pin(operation)))
}

/// Disables somebody and lets them in again, or ends their sessions.
pub(super) fn end_by_operator(world: &mut World, app: &App) -> Option<Act> {
    let person = world.dice.below(world.people.len());
    let logins = end_all(world, person, None);
    let (app, user, name) = (app.clone(), world.people[person].id, world.people[person].name);
    if world.dice.chance(50) {
        let operation = async move { Done::Plain(app.end_sessions_of(&Administrator::CommandLine, user).await) };
        return Some((
            format!("the operator ends the sessions of {name}"),
            What::End { person, logins },
            Box::pin(operation),
        ));
    }
    let operation = async move {
        let change = |is_disabled| UserChange { is_disabled: Some(is_disabled), is_admin: None };
        let disabled = app.change_user(&Administrator::CommandLine, user, change(true)).await;
        Done::Plain(match disabled {
            Ok(_) => app.change_user(&Administrator::CommandLine, user, change(false)).await.map(drop),
            Err(error) => Err(error),
        })
    };
    Some((format!("the operator disables {name} and enables them"), What::End { person, logins }, Box::pin(operation)))
}

pub(super) fn sign_in(world: &mut World, app: &App) -> Option<Act> {
    let person = world.dice.below(world.people.len());
    let somebody = &world.people[person];
    let right = somebody.password.clone().filter(|_| somebody.ending_now == 0)?;
    let (name, endings) = (somebody.name, somebody.endings);
    let must_fail = world.dice.chance(20);
    let password = if must_fail { Password::attempt("an old one") } else { Password::attempt(&right) };
    let (app, login) = (app.clone(), [name.to_owned()]);
    let way = world.dice.below(3);
    let operation = async move {
        let who = match app.check_password(&login, password).await {
            Ok(who) => who,
            Err(error) => return Done::SignedIn(Err(error)),
        };
        Done::SignedIn(match way {
            0 => app.sign_in(who).await.map(Secret::Token),
            1 => app.open_session(who).await.map(|session| Secret::Token(session.key)),
            _ => app.open_family(who, FAMILY_LIFE).await.map(Secret::Family),
        })
    };
    let with = ["a token", "a session", "JWTs"][way];
    let label = format!("{name} signs in for {with}, with the wrong password: {must_fail}");
    Some((label, What::SignIn { person, endings, must_fail }, Box::pin(operation)))
}

/// Ends the login that asks. JWTs have no end by themselves: their family is ended in the list.
pub(super) fn sign_out(world: &mut World, app: &App, login: usize, actor: Actor) -> Act {
    let person = world.logins[login].person;
    end_begins(world, person);
    world.logins[login].life = Life::Ending;
    let (label, app) = (format!("login {login} of {} signs out", actor.username), app.clone());
    let operation = async move {
        Done::Plain(match actor.kind {
            CredentialKind::Refresh => app.end_session(&actor, actor.credential).await,
            _ => app.sign_out(&actor).await,
        })
    };
    (label, What::End { person, logins: vec![login] }, Box::pin(operation))
}

/// Ends another login of the one who asks.
pub(super) fn end_another(world: &mut World, app: &App, login: usize, actor: Actor) -> Option<Act> {
    let person = world.logins[login].person;
    let others = world.logins_of(person, Life::Live);
    let other = world.dice.pick(&others).copied().filter(|other| *other != login)?;
    let credential = world.logins[other].secret.actor(app).ok()?.credential;
    end_begins(world, person);
    world.logins[other].life = Life::Ending;
    let (label, app) = (format!("login {login} of {} ends login {other}", actor.username), app.clone());
    let operation = async move { Done::Plain(app.end_session(&actor, credential).await) };
    Some((label, What::End { person, logins: vec![other] }, Box::pin(operation)))
}

pub(super) fn sign_out_everywhere(world: &mut World, app: &App, login: usize, actor: Actor) -> Act {
    let person = world.logins[login].person;
    let logins = end_all(world, person, None);
    let (label, app) = (format!("{} signs out everywhere", actor.username), app.clone());
    let operation = async move { Done::Plain(app.sign_out_everywhere(&actor).await) };
    (label, What::End { person, logins }, Box::pin(operation))
}

/// Tries what is over, and acts in the name of whom it was.
pub(super) fn stale(world: &mut World, app: &App, room: ChatId) -> Option<Act> {
    let dead: Vec<_> = (0..world.logins.len()).filter(|at| world.logins[*at].life == Life::Dead).collect();
    let login = *world.dice.pick(&dead)?;
    let (app, secret) = (app.clone(), world.logins[login].secret.clone());
    let operation = async move {
        Done::Plain(match secret.actor(&app) {
            Ok(actor) => app.mark_read(&actor, room, None).await.map(drop),
            Err(error) => Err(error),
        })
    };
    Some((format!("login {login} is over and tries again"), What::Stale, Box::pin(operation)))
}

/// Shows JWTs that name another kind of credential for their family.
pub(super) fn mistaken(world: &World, app: &App, login: usize) -> Option<Act> {
    let Secret::Token(token) = &world.logins[login].secret else { return None };
    let (app, named) = (app.clone(), Family(secret_hash(token.as_str())));
    let operation = async move { Done::Plain(Secret::Family(named).actor(&app).map(drop)) };
    Some((format!("JWTs of login {login}, which has none, are tried"), What::Stale, Box::pin(operation)))
}
