//! Sends what happens in groups to the hooks that want it.
//!
//! It keeps nothing that a kill could lose: what a hook sends next is read behind its cursor, and a commit only says
//! that there is something. So no post waits for it, and a receiver that hangs holds up its own hook alone.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::queue::{Lane, Queue, Turn};
use super::{outgoing, webhook};
use crate::api::http::context::Context;
use crate::api::http::hook_clients::MAX_REQUESTS;
use crate::chat::model::admin::Administrator;
use crate::chat::model::delivery::{Attempt, Delivery, Upcoming};
use crate::chat::model::error::Result;
use crate::chat::model::hook::SendingHook;
use crate::chat::model::id::UserId;
use crate::dev_feed::DevEvent;

/// How often it is looked whether a receiver's time has come, as long as some are waited for.
const LOOK: Duration = Duration::from_secs(1);
/// How long to wait where this server itself could not go on.
const PAUSE: Duration = Duration::from_secs(5);
/// Events that a hook with a prompt receiver sends before others take their turn.
const EVENTS: usize = 16;
/// A receiver that takes longer is slow, and so is the turn of one that takes longer for several.
const PROMPT: Duration = Duration::from_secs(1);

/// Begins to send, until the core is closed.
pub fn begin(context: &Arc<Context>) {
    context.app.in_background(send(Arc::clone(context)));
}

async fn send(context: Arc<Context>) {
    let (mut queue, mut is_retrying, mut retrying) = (begun(&context).await, true, 0);
    let (mut turns, mut names) = (JoinSet::new(), HashMap::new());
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        while let Some((hook, lane)) = queue.next() {
            let task = turns.spawn(turn(Arc::clone(&context), hook, lane));
            names.insert(task.id(), hook);
        }
        context.hook_clients.meters.waiting.store(queue.len() + retrying, Ordering::Relaxed);
        let woken = tokio::select! {
            () = context.app.hooks_woken() => {
                send_tests(&context);
                context.app.woken_hooks()
            }
            Some(ended) = turns.join_next_with_id() => {
                let (task, turn) = ended.unwrap_or_else(|cause| (cause.id(), Turn::Again));
                is_retrying |= turn == Turn::Failed;
                names.remove(&task).into_iter().for_each(|hook| queue.ended(hook, turn));
                continue;
            }
            _ = looks.tick(), if is_retrying => context.app.hooks_to_retry().map(|(due, later)| {
                (is_retrying, retrying) = (!due.is_empty() || later > 0, later);
                due
            }),
        };
        match woken {
            Ok(hooks) => hooks.into_iter().for_each(|hook| queue.add(hook)),
            Err(error) => {
                tracing::warn!(%error, "what hooks have to send could not be read");
                sleep(PAUSE).await;
                // What it was woken for is looked for from the beginning.
                queue.add_all(&begun(&context).await);
            }
        }
    }
}

/// Sends the tests that the operator ordered, which wait for nobody's turn.
fn send_tests(context: &Arc<Context>) {
    for (chat, hook, tell) in context.app.ordered_hook_tests() {
        let context = Arc::clone(context);
        tokio::spawn(async move {
            // Whoever ordered it may be gone, and hears no more where it cannot be sent.
            if let Ok(attempt) = outgoing::try_out(&context, &Administrator::CommandLine, chat, hook).await {
                tell.send(attempt).ok();
            }
        });
    }
}

/// All hooks that send: what happened while nobody sent is behind their cursors.
async fn begun(context: &Context) -> Queue {
    let all = loop {
        match context.app.hooks_that_send().await {
            Ok(all) => break all,
            Err(error) => tracing::warn!(%error, "the hooks that send could not be read"),
        }
        sleep(PAUSE).await;
    };
    let mut queue = Queue::new(MAX_REQUESTS);
    for (hook, is_failing) in all {
        if !is_failing {
            queue.trust(hook.id);
        }
        queue.add(hook);
    }
    queue
}

/// Sends some of what a hook has to send, one after the other.
async fn turn(context: Arc<Context>, hook: SendingHook, lane: Lane) -> Turn {
    let (begun, mut turn) = (Instant::now(), Turn::Idle);
    let events = if lane == Lane::Prompt { EVENTS } else { 1 };
    for _ in 0..events {
        turn = match step(&context, hook, lane).await {
            Ok(Turn::Idle) => return if turn == Turn::Idle { Turn::Idle } else { turn },
            Ok(step) => step,
            Err(error) => {
                tracing::warn!(%error, hook = %hook.id, "a hook could not send");
                sleep(PAUSE).await;
                Turn::Again
            }
        };
        if turn != (Turn::Sent { is_prompt: true }) || begun.elapsed() > PROMPT {
            break;
        }
    }
    turn
}

async fn step(context: &Context, hook: SendingHook, lane: Lane) -> Result<Turn> {
    match context.app.upcoming(hook.id)? {
        Upcoming::Nothing => Ok(Turn::Idle),
        Upcoming::Passed(cursor) => context.app.pass(cursor).await.map(|()| Turn::Again),
        Upcoming::Send(delivery) => deliver(context, hook.maker, lane, &delivery).await,
    }
}

async fn deliver(context: &Context, maker: Option<UserId>, lane: Lane, delivery: &Delivery) -> Result<Turn> {
    let clients = &context.hook_clients;
    let client = if lane == Lane::Prompt { &clients.prompt } else { &clients.slow };
    let Delivery { url, key, webhook_id, .. } = delivery;
    let body = webhook::body_of(delivery, context.base());
    let (attempt, answer) = webhook::send(client, maker, url, key, webhook_id, context.app.now(), body).await;
    if let Some(feed) = &context.settings.dev_feed {
        feed.tell(|| told_of(delivery, &attempt));
    }
    let is_prompt = u128::try_from(attempt.ms).unwrap_or(0) <= PROMPT.as_millis();
    match answer {
        Some(answer) => {
            let reply = webhook::reply(&answer, context.settings.max_message);
            context.app.delivered(delivery, attempt, reply).await?;
            clients.meters.taken.add(1);
            Ok(Turn::Sent { is_prompt })
        }
        None => {
            let is_given_up = context.app.not_delivered(delivery, attempt).await?;
            clients.meters.failed.add(1);
            clients.meters.given_up.add(is_given_up.into());
            Ok(Turn::Failed)
        }
    }
}

/// What those see of it who watch a server for trying things out.
fn told_of(delivery: &Delivery, attempt: &Attempt) -> DevEvent {
    DevEvent::Delivery {
        hook: delivery.cursor.hook.0,
        event: delivery.what.event().as_str().to_owned(),
        status: attempt.status,
        ms: u64::try_from(attempt.ms).unwrap_or(0),
        error: attempt.error.clone(),
    }
}
