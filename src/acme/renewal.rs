//! Getting certificates, for as long as the server runs.

use std::io;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::rustls::pki_types::UnixTime;

use super::authority::Authority;
use super::failure::Failure;
use super::folder::{Folder, Given};
use super::order::{self, Method};
use super::schedule::Schedule;
use super::{Options, Proofs};
use crate::server::EndWarning;

/// How long an authority may take for one certificate.
const ATTEMPT: Duration = Duration::from_mins(3);
/// How often the clock is looked at, which may be set at any time.
const LOOK_EVERY: Duration = Duration::from_mins(1);

/// Certificates of some names from one authority.
pub struct Acme {
    options: Options,
    folder: Folder,
    proofs: Proofs,
    names: Vec<Name>,
}

struct Name {
    name: String,
    schedule: Schedule,
    failure: Option<String>,
}

impl Acme {
    /// Takes what is stored. It blocks, and asks nobody.
    pub fn open(options: Options, proofs: Proofs) -> io::Result<Self> {
        let folder = Folder::open(&options.data, &options.directory)?;
        for name in &options.names {
            if let Some(given) = folder.given(name) {
                proofs.certificates.set(name, given.certificate);
            }
        }
        let schedule = || Schedule::new(rand::random(), Instant::now());
        let names = options.names.iter();
        let names = names.map(|name| Name { name: name.clone(), schedule: schedule(), failure: None }).collect();
        Ok(Self { options, folder, proofs, names })
    }

    /// Gets certificates in time; those whose last try failed at once when `told` resolves. For ever.
    pub async fn run(mut self, mut told: impl AsyncFnMut()) {
        let (mut warning, end) = (EndWarning::default(), self.proofs.certificates.end());
        let place = self.folder.path("*");
        loop {
            for number in 0..self.names.len() {
                self.look(number).await;
            }
            warning.look(&end, &place.display());
            let waits = self.names.iter().map(|name| self.wait(name));
            let pause = waits.min().unwrap_or(LOOK_EVERY).min(LOOK_EVERY);
            tokio::select! {
                () = sleep(pause) => {}
                () = told() => self.names.iter_mut().for_each(|name| name.schedule.hurry(Instant::now())),
            }
        }
    }

    fn wait(&self, Name { name, schedule, .. }: &Name) -> Duration {
        schedule.wait(self.proofs.certificates.life(name), UnixTime::now().as_secs(), Instant::now())
    }

    /// Asks for the certificate of a name if it is time to.
    async fn look(&mut self, number: usize) {
        let Some(name) = self.names.get(number).filter(|name| self.wait(name).is_zero()) else { return };
        let name = name.name.clone();
        let got = self.get(&name).await;
        let outcome = match got {
            Ok(given) => self.take(&name, given).await,
            Err(failure) => Err(failure),
        };
        let Some(entry) = self.names.get_mut(number) else { return };
        match outcome {
            Ok(()) => {
                entry.schedule.succeed(Instant::now());
                entry.failure = None;
            }
            Err(failure) => {
                let pause = entry.schedule.fail(&failure, rand::random(), Instant::now());
                let again = pause.as_secs();
                tracing::warn!(name, cause = %failure, again, "no certificate for HTTPS was given");
                entry.failure = Some(format!("{name}: {}", failure.public()));
            }
        }
        let failures: Vec<&str> = self.names.iter().filter_map(|name| name.failure.as_deref()).collect();
        let failure = (!failures.is_empty()).then(|| failures.join("; "));
        self.proofs.certificates.end().set_failure(failure);
    }

    /// By whichever way works.
    async fn get(&self, name: &str) -> Result<Given, Failure> {
        let key = {
            let folder = self.folder.clone();
            let read = tokio::task::spawn_blocking(move || folder.account_key()).await;
            read.unwrap_or_else(|cause| Err(Failure::Own(cause.to_string())))?
        };
        let authority = Authority::new(&self.options, key);
        let mut authority = authority.ok_or_else(|| Failure::Own("--acme-ca holds no certificate".to_owned()))?;
        let methods = if self.proofs.redirect.is_some() { &[Method::Http, Method::Tls][..] } else { &[Method::Tls] };
        let mut words = Vec::new();
        for method in methods {
            tracing::info!(name, by = method.name(), "a certificate for HTTPS is asked for");
            let order = order::get(&mut authority, &self.proofs, name, *method);
            let got = timeout(ATTEMPT, order).await;
            let got = got.unwrap_or_else(|_| Err(Failure::Away(format!("not done within {} s", ATTEMPT.as_secs()))));
            match got {
                Err(Failure::Unproven(said)) => words.push(said),
                got => return got.inspect(|given| self.doubt_the_clock(given, authority.skew)),
            }
        }
        let words = words.join("; ");
        Err(Failure::Unproven(format!("the certificate authority could not see that the name leads here: {words}")))
    }

    /// An authority gives what is good now, by its own clock.
    fn doubt_the_clock(&self, given: &Given, skew: Option<Duration>) {
        let (life, now) = (given.certificate.life, UnixTime::now().as_secs());
        if !(life.begins.as_secs()..life.ends.as_secs()).contains(&now) {
            let apart = skew.map(|skew| skew.as_secs());
            tracing::warn!(apart, "by this machine's clock the new certificate is not good now: is the clock right?");
        }
    }

    /// Serves a certificate, and keeps it.
    async fn take(&self, name: &str, given: Given) -> Result<(), Failure> {
        let (folder, owned) = (self.folder.clone(), name.to_owned());
        let kept = tokio::task::spawn_blocking(move || (folder.keep(&owned, &given), given)).await;
        let (kept, given) = kept.map_err(|cause| Failure::Own(cause.to_string()))?;
        let life = given.certificate.life;
        self.proofs.certificates.set(name, given.certificate);
        let days = life.ends.as_secs().saturating_sub(life.begins.as_secs()) / (24 * 3600);
        tracing::info!(name, days, "a new certificate for HTTPS is taken");
        kept.map_err(|cause| Failure::Own(format!("the new certificate is served, and could not be kept: {cause}")))?;
        // Whoever asked at once again would get the same.
        if Schedule::new(0.0, Instant::now()).wait(Some(life), UnixTime::now().as_secs(), Instant::now()).is_zero() {
            return Err(Failure::Clock);
        }
        Ok(())
    }
}
