//! What answers promise about credentials: who is let in from here on, and who is not.

use super::{is_over, outcome};
use crate::chat::model::error::Error;
use crate::chat::simulation::act::{Done, What};
use crate::chat::simulation::login::{Life, Login, Secret};
use crate::chat::simulation::run::Stage;
use crate::chat::simulation::world::World;

/// Notes an answer about credentials, and holds it against what is stored.
pub(super) fn judge(world: &mut World, stage: &Stage, what: What, done: Done) -> Result<(), String> {
    match (what, done) {
        (What::End { person, logins }, Done::Plain(result)) => {
            world.people[person].ending_now -= 1;
            world.note(format!("  logins {logins:?} are over: {}", outcome(&result)));
            ended(world, stage, &logins, result.is_ok())
        }
        (What::Password { person, new, old, logins }, Done::Plain(result)) => {
            world.note(format!("  the password, and logins {logins:?}: {}", outcome(&result)));
            let somebody = &mut world.people[person];
            somebody.is_changing = false;
            somebody.ending_now -= 1;
            somebody.password = if result.is_ok() { Some(new) } else { old };
            ended(world, stage, &logins, result.is_ok())
        }
        (What::SignIn { person, endings, must_fail }, Done::SignedIn(result)) => {
            world.note(format!("  {} signs in: {}", world.people[person].name, outcome(&result)));
            if must_fail && result.is_ok() {
                return Err("a wrong password signed in".into());
            }
            let is_sure = world.people[person].endings == endings;
            let life = if is_sure { Life::Live } else { Life::Unknown };
            let Ok(secret) = result else { return Ok(()) };
            let credential = secret.actor(&stage.app).ok().map(|actor| actor.credential);
            // A session lives on with its use; a family of JWTs has one end.
            let until = match secret {
                Secret::Family(family) => stage.view.end_of(family),
                Secret::Token(_) => None,
            };
            if is_sure && credential.is_none() && until.is_none_or(|until| until.0 > world.now()) {
                return Err(format!("{} signed in, and is not", world.people[person].name));
            }
            world.logins.push(Login { person, secret, life, until, was_over: false });
            Ok(())
        }
        (What::Stale, Done::Plain(result)) => {
            world.note(format!("  it is answered {}", outcome(&result)));
            let is_refused = matches!(result, Err(Error::CredentialRevoked));
            if is_refused { Ok(()) } else { Err("what opens nothing was let in".into()) }
        }
        _ => Ok(()),
    }
}

pub(super) fn unknown(world: &mut World, logins: &[usize]) {
    for login in logins {
        world.logins[*login].life = Life::Unknown;
    }
}

fn ended(world: &mut World, stage: &Stage, logins: &[usize], is_answered: bool) -> Result<(), String> {
    if !is_answered {
        unknown(world, logins);
        return Ok(());
    }
    for login in logins {
        world.logins[*login].life = Life::Dead;
        if world.logins[*login].secret.actor(&stage.app).is_ok() {
            return Err(format!("login {login} is over, and signs in"));
        }
    }
    let mut theirs = stage.clients.iter().filter(|(_, client)| logins.contains(&client.login));
    theirs.try_for_each(|(_, client)| is_over(client))
}
