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
        if !life.is_good(now) {
            let apart = skew.map(|skew| skew.as_secs());
            tracing::warn!(apart, "by this machine's clock the new certificate is not good now: is the clock right?");
        }
    }

    /// Serves a certificate, and keeps it; but none that has to be renewed at once in place of one that lasts longer,
    /// and none that has yet to begin in place of one that is good.
    async fn take(&self, name: &str, given: Given) -> Result<(), Failure> {
        let (life, now) = (given.certificate.life, UnixTime::now().as_secs());
        // Whoever asked at once again would get the same.
        let is_ending = Schedule::new(0.0, Instant::now()).wait(Some(life), now, Instant::now()).is_zero();
        let served = self.proofs.certificates.life(name);
        let is_early = life.begins.as_secs() > now && served.is_some_and(|served| served.is_good(now));
        if is_early || (is_ending && served.is_some_and(|served| served.ends >= life.ends)) {
            return Err(Failure::Clock);
        }
        let (folder, owned) = (self.folder.clone(), name.to_owned());
        let kept = tokio::task::spawn_blocking(move || (folder.keep(&owned, &given), given)).await;
        let (kept, given) = kept.map_err(|cause| Failure::Own(cause.to_string()))?;
        self.proofs.certificates.set(name, given.certificate);
        let days = life.ends.as_secs().saturating_sub(life.begins.as_secs()) / (24 * 3600);
        tracing::info!(name, days, "a new certificate for HTTPS is taken");
        kept.map_err(|cause| Failure::Own(format!("the new certificate is served, and could not be kept: {cause}")))?;
        if is_ending { Err(Failure::Clock) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration, SystemTime};

    use rcgen::{CertificateParams, KeyPair};

    use super::{Acme, Failure, Given};
    use crate::acme::{Options, Proofs};
    use crate::outbound::Target;
    use crate::server::NamedCertificates;

    const NAME: &str = "chat.example.org";
    const DAY: Duration = Duration::from_hours(24);

    /// A certificate that is good for so long before now and after it, or was until so long before.
    fn given(before: Duration, after: Result<Duration, Duration>) -> Given {
        given_from(Err(before), after)
    }

    /// Its begin and end: so long after now, or before.
    fn given_from(begin: Result<Duration, Duration>, end: Result<Duration, Duration>) -> Given {
        let (key, now) = (KeyPair::generate().expect("a key"), SystemTime::now());
        let mut params = CertificateParams::new(vec![NAME.to_owned()]).expect("a name");
        let at = |apart: Result<Duration, Duration>| apart.map_or_else(|ago| now - ago, |after| now + after);
        params.not_before = at(begin).into();
        params.not_after = at(end).into();
        let chain = params.self_signed(&key).expect("signed").pem();
        Given::new(NAME, &key.serialize_der(), chain.as_bytes()).expect("a certificate")
    }

    #[tokio::test]
    async fn a_certificate_that_has_ended_takes_the_place_of_none_that_is_good() {
        let folder = tempfile::tempdir().expect("a folder");
        let names = vec![NAME.to_owned()];
        let certificates = Arc::new(NamedCertificates::new(&names));
        let options = Options {
            names,
            directory: Target::parse("https://ca.example/dir").expect("a URL"),
            email: None,
            trusted: None,
            data: folder.path().to_owned(),
        };
        let proofs = Proofs { redirect: None, certificates: Arc::clone(&certificates) };
        let acme = Acme::open(options, proofs).expect("opened");
        let ends = || certificates.life(NAME).map(|life| life.ends);
        // The first is served whatever it is: visitors' clocks may know better.
        let ended = given(DAY * 90, Err(DAY));
        let first = ended.certificate.life.ends;
        assert!(matches!(acme.take(NAME, ended).await, Err(Failure::Clock)));
        assert_eq!(ends(), Some(first));
        let good = given(DAY * 70, Ok(DAY * 20));
        let last = good.certificate.life.ends;
        assert!(matches!(acme.take(NAME, good).await, Err(Failure::Clock)), "to be renewed, and better than none");
        for worse in [given(DAY * 90, Err(DAY)), given(DAY * 80, Ok(DAY * 10))] {
            assert!(matches!(acme.take(NAME, worse).await, Err(Failure::Clock)));
            assert_eq!(ends(), Some(last));
        }
        let kept = acme.folder.given(NAME).expect("kept");
        assert_eq!(kept.certificate.life.ends, last, "on the disk, too");
        // One that has yet to begin, by whichever clock is wrong.
        let early = given_from(Ok(DAY * 200), Ok(DAY * 300));
        assert!(matches!(acme.take(NAME, early).await, Err(Failure::Clock)));
        assert_eq!(ends(), Some(last));
        // One that lives shorter and is fresh is what the authority gives now.
        let short = given(DAY, Ok(DAY * 6));
        let next = short.certificate.life.ends;
        assert!(acme.take(NAME, short).await.is_ok());
        assert_eq!(ends(), Some(next));
    }
}
