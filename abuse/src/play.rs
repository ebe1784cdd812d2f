//! A case of each kind: what is damaged, how, and what is judged of it.

use autoenroll_cli::Story;
use autoenroll_core::InProcess as OwnCore;
use autoenroll_foreign::serve;

use crate::case::{Came, Cases, Done, damaged_bytes, damaged_lines};
use crate::dice::Dice;
use crate::kind::Kind;
use crate::parties::Damager;
use crate::readers::{READERS, Reader};
use crate::{command, files, page};

impl Cases {
    /// Plays a case.
    ///
    /// # Errors
    /// With what does not hold.
    pub fn play(&mut self, case: u64) -> Result<Done, String> {
        self.input = None;
        let mut dice = Dice::new(self.seed, case);
        match self.kind(case) {
            Kind::Scenario => self.scenario(&mut dice),
            Kind::Page => page::play(&mut dice, self),
            Kind::Command => self.command(&mut dice),
            kind @ (Kind::Core | Kind::Ca | Kind::Card) => self.party(dice, kind),
            Kind::Driver => self.driver(&mut dice),
            Kind::Reader => self.reader(&mut dice),
            Kind::Files => files::play(&mut dice, self),
        }
    }

    fn scenario(&mut self, dice: &mut Dice) -> Result<Done, String> {
        let damaged = self.damaged(dice);
        let checked = self.bench.check(damaged.name, &damaged.bytes, dice.one_in(16))?;
        let Some(scenario) = dice.of(&checked.scenarios) else { return Ok(Done::of(Came::Refused)) };
        let report = self.bench.play(scenario)?;
        if dice.one_in(16) {
            self.bench.look_closer(dice, &String::from_utf8_lossy(&damaged.bytes), scenario, &report)?;
        }
        Ok(Done::played(report))
    }

    fn command(&mut self, dice: &mut Dice) -> Result<Done, String> {
        command::play(dice, self)
    }

    fn story(&self, dice: &mut Dice) -> Result<&Story, String> {
        dice.of(&self.stories).ok_or_else(|| "the suite is empty".to_owned())
    }

    /// A story of the suite, in which the messages of one party are damaged.
    fn party(&self, mut dice: Dice, kind: Kind) -> Result<Done, String> {
        let scenario = &self.story(&mut dice)?.scenario;
        let damager = Damager::new(dice, kind);
        let report = self.bench.play_with(scenario, damager.parties(), kind != Kind::Core)?;
        damager.broken().map_or_else(|| Ok(Done::played(report)), Err)
    }

    /// What a bench said to a core, with some of the lines damaged, said to another core.
    fn driver(&mut self, dice: &mut Dice) -> Result<Done, String> {
        let said = self.bench.recorded(&self.story(dice)?.scenario)?.to_core;
        let damaged = damaged_lines(dice, &said);
        self.input = Some(("said.jsonl".to_owned(), damaged.clone()));
        let Some(reader) = Reader::named("to_core") else { return Err("there is no such reader".to_owned()) };
        let read = (reader.read)(&damaged)?;
        // What was not damaged is never refused.
        if damaged == said.as_bytes() && !read {
            let refused = serve(&mut OwnCore::new(), "own", &mut said.as_bytes(), &mut Vec::new());
            return Err(format!("the own core refuses its own story: {refused:?}"));
        }
        Ok(Done::of(if read { Came::Read } else { Came::Refused }))
    }

    fn reader(&mut self, dice: &mut Dice) -> Result<Done, String> {
        let Some(reader) = dice.of(READERS) else { return Ok(Done::of(Came::Refused)) };
        let seeds = &self.seeds[reader.name];
        let (Some(seed), Some(other)) = (dice.of(seeds), dice.of(seeds)) else {
            return Err(format!("{} has no seeds", reader.name));
        };
        let input = damaged_bytes(dice, reader.form, seed, other);
        self.input = Some((reader.name.to_owned(), input.clone()));
        Ok(Done::of(if (reader.read)(&input)? { Came::Read } else { Came::Refused }))
    }
}
