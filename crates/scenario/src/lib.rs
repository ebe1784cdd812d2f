//! The scenario language: parse, diagnose, run.
//!
//! A scenario file says what exists, what happens and what must be seen. [`parse`] reads it and finds everything that
//! is wrong with its form, [`check`] finds what its names refer to and builds a [`Scenario`], [`run`] plays that
//! against a world and says whether everything came as it should.
//!
//! It deliberately lacks files, which come through a [`Loader`] into a [`Library`], and any knowledge of how cores
//! decide: it matches trace records.
#![forbid(unsafe_code)]

mod actions;
mod bindings;
mod bless;
mod check;
mod clock;
mod code;
mod defaults;
mod diagnostic;
mod document;
mod format;
mod instant;
mod language;
mod library;
mod loader;
mod lower;
mod merge;
mod new;
mod print;
mod reference;
mod run;
mod schema;
mod sequences;
mod shape;
mod source;
mod suggestion;
mod tree;
mod vocabulary;

pub use bless::{Blessed, Edit, NewStep, Note, bless};
pub use check::{
    ByPrefix, Catalogue, Checked, Instead, LONGEST, Requirement, Requirements, Scenario, StepActions, check,
    check_parsed, check_under, check_world, requirement_ids,
};
pub use clock::{ClockTime, WallClock};
pub use code::{Code, Explanation, explain_code};
pub use diagnostic::{Diagnostic, Diagnostics, Fix, Label, Severity, render, to_json};
pub use document::{
    About, ActionStep, CaOp, CardPin, Document, ExpectedFact, ExpectedValue, Level, NameOrReference, On, Parsed,
    Pattern, PromptAnswer, Reference, SequenceUse, Step, StepBegin, StepEnd, StepKind, Sweep, Time, parse,
};
pub use format::{FormatError, format, is_scenario_or_fixture};
pub use instant::parse as parse_instant;
pub use language::{
    KeyWord, Level as PlaceLevel, Mention, Naming, Opening, Place, Symbol, SymbolKind, ValueWord, WordAt, mentions,
    symbols, word_at,
};
pub use library::{Library, check_fixture};
pub use loader::{Bundle, LoadError, Loader};
pub use new::{NewScenario, NewScenarioKind, new_scenario};
pub use print::print;
pub use reference::reference;
pub use run::{
    Difference, Failure, FailureKind, FirstDifference, Mismatch, NearMatch, RepeatedRun, RunError, RunReport,
    Simulator, SweepFailure, SweepReport, Verdict, first_difference, run, run_for_verdict, run_on, run_twice, sweep,
    sweep_replayed,
};
pub use schema::json_schema;
pub use shape::{LookAt, listed_facts, unlisted_facts};
pub use source::{FileId, Files, Span, Spanned};
pub use suggestion::suggestion;
pub use tree::{Entry, MAX_BYTES, MAX_DEPTH, Node, Table, Value};
pub use vocabulary::{Word, vocabulary};
