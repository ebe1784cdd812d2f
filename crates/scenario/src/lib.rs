//! The scenario language: parse, diagnose, run.
