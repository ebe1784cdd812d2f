//! Worlds as their drivers use them: with the real core, and with scripted ones.

#[cfg(test)]
mod authorities;
#[cfg(test)]
mod budgets;
#[cfg(test)]
mod cards;
#[cfg(test)]
mod events;
#[cfg(test)]
mod founding;
#[cfg(test)]
mod invariants;
#[cfg(test)]
mod lab;
#[cfg(test)]
mod toy;
