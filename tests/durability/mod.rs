//! What was acknowledged stays: through crashes, power cuts, cut lines, full and failing disks, a
//! database that another program locks, damaged files, stops under load, and a clock that
//! jumps. Each test holds what every client was told and heard against what is stored.

mod clock;
mod clock_doubt;
mod crash;
mod cut;
mod damage;
mod disk;
mod fault;
mod linear;
mod locked;
mod log;
mod once;
mod power;
mod stop;
mod storm;
mod sync;
