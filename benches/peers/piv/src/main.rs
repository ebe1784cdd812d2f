//! `peers-piv`: gives the same commands to a PIV card that nobody here wrote, Nitrokey's piv-authenticator, and to
//! ours, and prints where their answers differ, as a table in Markdown. A number of tries in a status word is not compared:
//! the cards allow different ones.

mod other;
mod script;

use autoenroll_card::{Card, CardProfile};
use autoenroll_keys::Seed;
use des::TdesEde3;
use des::cipher::{BlockCipherEncrypt, KeyInit};

use script::{ACTS, Sent, Step};

/// With which both cards come.
const MANAGEMENT_KEY: [u8; 24] = [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8];

fn main() {
    let (mut all, mut same) = (0, 0);
    println!("| act | command | ours | piv-authenticator |\n| --- | --- | --- | --- |");
    for (act, steps) in ACTS {
        let mut card = Card::new(CardProfile::piv(), [7; 16], Seed::from(1));
        card.power_on();
        let ours = play(steps, &mut |apdu| card.transmit(apdu));
        let mut theirs = Vec::new();
        other::with_card(|transmit| theirs = play(steps, transmit));
        for (step, (ours, theirs)) in steps.iter().zip(ours.iter().zip(&theirs)) {
            all += 1;
            if compared(step, ours) == compared(step, theirs) {
                same += 1;
            } else {
                println!("| {act} | {} | {} | {} |", step.what, shown(ours), shown(theirs));
            }
        }
    }
    println!("\n{same} of {all} answers are the same.");
}

/// The answers to steps, each data and status word.
fn play(steps: &[Step], transmit: &mut dyn FnMut(&[u8]) -> Vec<u8>) -> Vec<Vec<u8>> {
    let mut answers: Vec<Vec<u8>> = Vec::new();
    // As in `7C 0A 81 08 challenge 90 00`; it stays until there is another.
    let mut challenge = [0; 8];
    for step in steps {
        let apdu = match step.sent {
            Sent::Command(command) => bytes(command),
            Sent::Answer | Sent::WrongAnswer => {
                let mut block = challenge.into();
                TdesEde3::new(&MANAGEMENT_KEY.into()).encrypt_block(&mut block);
                block[0] ^= u8::from(matches!(step.sent, Sent::WrongAnswer));
                [&bytes("0087039B0C 7C0A8208")[..], &block, &[0]].concat()
            }
            Sent::Put(tag, length) => {
                let content = [&[0x53, 0x82][..], &length.to_be_bytes(), &vec![0xFF; usize::from(length)]].concat();
                let data = [bytes("5C03"), bytes(tag), content].concat();
                let length = u16::try_from(data.len()).expect("objects are shorter");
                [bytes("00DB3FFF00"), length.to_be_bytes().to_vec(), data].concat()
            }
        };
        let answer = transmit(&apdu);
        if let [0x7C, 0x0A, 0x81, 0x08, block @ .., 0x90, 0x00] = answer.as_slice() {
            challenge = block.try_into().expect("the length says 8");
        }
        answers.push(answer);
    }
    answers
}

/// What of an answer is compared.
fn compared<'a>(step: &Step, answer: &'a [u8]) -> (&'a [u8], u16) {
    let (data, status) = answer.split_last_chunk::<2>().expect("an answer ends with a status word");
    let status = u16::from_be_bytes(*status);
    let without_tries = if status & 0xFFF0 == 0x63C0 { 0x63C0 } else { status };
    (if step.data { data } else { &[] }, without_tries)
}

fn shown(answer: &[u8]) -> String {
    let (data, status) = answer.split_last_chunk::<2>().expect("an answer ends with a status word");
    let status = format!("{:02X}{:02X}", status[0], status[1]);
    if data.is_empty() { status } else { format!("{} bytes, {status}", data.len()) }
}

/// Hexadecimal digits, with blanks between them.
fn bytes(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().filter_map(|digit| digit.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}
