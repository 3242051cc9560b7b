//! Who is asking: credentials, sessions, handshakes, passwords and names, as
//! every dialect shares them. Asked here through the rooms dialect.

mod credential;
mod elsewhere;
mod guessing;
mod handshake;
mod login_page;
mod name;
mod oauth;
mod origin;
mod password;
mod revocation;
mod second_factor;
mod sign_in;
mod timing;
