//! How long a message may be.

use super::all_pass;
use super::case::{Case, FAILED, FIN, Said, TEXT, case, fragments, says, text};
use crate::api::ws::frame::MAX_MESSAGE;

/// 9 and 10: sizes up to the limit, and one above it.
fn limits() -> Vec<Case> {
    let mut cases = Vec::new();
    for length in [64 * 1024, MAX_MESSAGE] {
        let payload = "*".repeat(length);
        for piece in [64, 256, 1024, 1300, 4096, 16_384, 65_536] {
            let pieces: Vec<&[u8]> = payload.as_bytes().chunks(piece).collect();
            let name = format!("9 {length} in fragments of {piece}");
            cases.push(case(name, &[fragments(&pieces)], &[says(payload.as_str())]));
        }
        for chop in [64, 128, 1024, 2048] {
            let name = format!("9 {length} chopped into {chop}");
            cases.push(case(name, &[text(&payload)], &[says(payload.as_str())]).chopped(chop));
        }
    }
    let over = Said::Close(Some(4413));
    let half = vec![b'*'; MAX_MESSAGE / 2 + 1];
    cases.push(case("9 one byte above", &[text(vec![b'*'; MAX_MESSAGE + 1])], std::slice::from_ref(&over)));
    cases.push(case("9 above in fragments", &[fragments(&[&half, &half])], std::slice::from_ref(&over)));
    let announced = [vec![FIN | TEXT, 0xff], u64::MAX.to_be_bytes().to_vec()];
    cases.push(case("9 announced beyond all bounds", &announced, std::slice::from_ref(&over)));
    let unmasked = vec![FIN | TEXT, 2, b'h', b'i'];
    cases.push(case("not masked", &[unmasked], &[FAILED]));
    cases
}

#[tokio::test]
async fn messages_go_up_to_the_limit() {
    all_pass(limits()).await;
}
