//! The card database: which provider a card belongs to, found by its ATR.
//!
//! In Windows it is the registry key `Calais\SmartCards`: one subkey per card name with `ATR`, `ATRMask` and
//! `Crypto Provider` (Windows driver documentation, "Smart Card Plug and Play").

use std::fmt;

use crate::minidriver::MinidriverSettings;

/// The entries of the card database, in registry order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CardDatabase(Vec<CardType>);

impl CardDatabase {
    /// A database of these entries.
    ///
    /// # Errors
    /// [`CardDatabaseError::Twice`] when two entries have the same name, in whatever case.
    pub fn new(entries: Vec<CardType>) -> Result<Self, CardDatabaseError> {
        for (at, entry) in entries.iter().enumerate() {
            if entries[..at].iter().any(|earlier| earlier.name.eq_ignore_ascii_case(&entry.name)) {
                return Err(CardDatabaseError::Twice { card: entry.name.clone() });
            }
        }
        Ok(Self(entries))
    }

    /// The entry that a card with this ATR matches: the first whose mask takes the ATR to the registered one.
    #[must_use]
    pub fn find(&self, atr: &[u8]) -> Option<&CardType> {
        // K8.1.match
        self.0.iter().find(|entry| entry.matches(atr))
    }

    /// The provider that the first matching entry names.
    #[must_use]
    pub fn provider_for(&self, atr: &[u8]) -> Option<&str> {
        // K8.1.provider
        self.find(atr).map(CardType::provider)
    }

    /// The cards of a provider. Provider names are compared without case, as CryptoAPI does.
    pub fn cards_of<'a>(&'a self, provider: &'a str) -> impl Iterator<Item = &'a CardType> {
        self.0.iter().filter(move |entry| entry.provider.eq_ignore_ascii_case(provider))
    }

    /// All entries, in order.
    #[must_use]
    pub fn entries(&self) -> &[CardType] {
        &self.0
    }
}

/// One entry of the card database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardType {
    name: String,
    atr: Vec<u8>,
    mask: Vec<u8>,
    provider: String,
    minidriver: MinidriverSettings,
}

impl CardType {
    /// A card named `name`, recognised by `atr` under `mask` and served by `provider` (a CSP name).
    ///
    /// # Errors
    /// When the ATR is not between 2 and 33 bytes, the mask is not as long as the ATR, or the ATR has a bit that the
    /// mask takes away: such an entry would match no card.
    pub fn new(name: &str, atr: &[u8], mask: &[u8], provider: &str) -> Result<Self, CardDatabaseError> {
        let card = || name.to_owned();
        if !(2..=33).contains(&atr.len()) {
            return Err(CardDatabaseError::AtrLength { card: card(), found: atr.len() });
        }
        if mask.len() != atr.len() {
            return Err(CardDatabaseError::MaskLength { card: card(), expected: atr.len(), found: mask.len() });
        }
        // K8.1.match
        if let Some(position) = atr.iter().zip(mask).position(|(atr, mask)| atr & mask != *atr) {
            return Err(CardDatabaseError::NotMasked { card: card(), position });
        }
        Ok(Self {
            name: card(),
            atr: atr.to_vec(),
            mask: mask.to_vec(),
            provider: provider.to_owned(),
            minidriver: MinidriverSettings::default(),
        })
    }

    /// A card recognised by its whole ATR.
    ///
    /// # Errors
    /// As [`CardType::new`].
    pub fn exact(name: &str, atr: &[u8], provider: &str) -> Result<Self, CardDatabaseError> {
        Self::new(name, atr, &vec![0xFF; atr.len()], provider)
    }

    /// The same card with another minidriver than that of GIDS cards.
    #[must_use]
    pub fn with_minidriver(self, minidriver: MinidriverSettings) -> Self {
        Self { minidriver, ..self }
    }

    /// Its minidriver.
    #[must_use]
    pub const fn minidriver(&self) -> &MinidriverSettings {
        &self.minidriver
    }

    /// Name of the entry.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Name of the CSP that serves it.
    #[must_use]
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// Whether a card with this ATR is of this type. ATRs of another length never are.
    #[must_use]
    pub fn matches(&self, atr: &[u8]) -> bool {
        let masked = atr.iter().zip(&self.mask).map(|(atr, mask)| atr & mask);
        atr.len() == self.atr.len() && masked.eq(self.atr.iter().copied())
    }
}

/// What is wrong with an entry of the card database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CardDatabaseError {
    /// An ATR of a length that no card has.
    AtrLength {
        /// The entry.
        card: String,
        /// Bytes given.
        found: usize,
    },
    /// The mask is not as long as the ATR.
    MaskLength {
        /// The entry.
        card: String,
        /// Bytes of the ATR.
        expected: usize,
        /// Bytes of the mask.
        found: usize,
    },
    /// The registered ATR has a bit that its mask takes away, so that no card can match.
    NotMasked {
        /// The entry.
        card: String,
        /// Index of the first such byte.
        position: usize,
    },
    /// Two entries of the same name.
    Twice {
        /// The name.
        card: String,
    },
}

impl fmt::Display for CardDatabaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtrLength { card, found } => write!(f, "{card}: an ATR has 2 to 33 bytes, this has {found}"),
            Self::MaskLength { card, expected, found } => {
                write!(f, "{card}: the ATR has {expected} bytes, its mask has {found}; make them equally long")
            }
            Self::NotMasked { card, position } => {
                write!(f, "{card}: byte {position} of the ATR has bits outside the mask; register the masked ATR")
            }
            Self::Twice { card } => write!(f, "{card} is registered twice; give each card its own name"),
        }
    }
}

impl std::error::Error for CardDatabaseError {}

#[cfg(test)]
mod tests {
    use super::*;

    const VENDOR: &str = "Vendor Card CSP";
    const BASE: &str = "Microsoft Base Smart Card Crypto Provider";

    fn database() -> CardDatabase {
        CardDatabase::new(vec![
            CardType::new("Vendor 1.x", &[0x3B, 0x02, 0x14, 0x00], &[0xFF, 0xFF, 0xFF, 0x00], VENDOR).unwrap(),
            CardType::exact("Base card", &[0x3B, 0x02, 0x14, 0x50], BASE).unwrap(),
            CardType::exact("Base card 2", &[0x3B, 0x01, 0x50], BASE).unwrap(),
        ])
        .unwrap()
    }

    #[test]
    fn the_first_entry_that_matches_wins() {
        let check =
            |atr: &[u8], provider: Option<&str>| assert_eq!(database().provider_for(atr), provider, "{atr:02X?}");
        check(&[0x3B, 0x02, 0x14, 0x50], Some(VENDOR));
        check(&[0x3B, 0x02, 0x14, 0x51], Some(VENDOR));
        check(&[0x3B, 0x02, 0x15, 0x50], None);
        check(&[0x3B, 0x01, 0x50], Some(BASE));
        check(&[0x3B, 0x01, 0x50, 0x00], None);
        check(&[0x3B, 0x01], None);
        check(&[], None);
    }

    #[test]
    fn a_provider_has_cards() {
        let database = database();
        let names: Vec<&str> =
            database.cards_of("microsoft base smart card crypto provider").map(CardType::name).collect();
        assert_eq!(names, ["Base card", "Base card 2"]);
        assert_eq!(database.cards_of("Another").count(), 0);
    }

    #[test]
    fn entries_that_can_match_nothing_are_refused() {
        let check = |atr: &[u8], mask: &[u8], message: &str| {
            assert_eq!(CardType::new("Card", atr, mask, VENDOR).unwrap_err().to_string(), message);
        };
        check(&[0x3B], &[0xFF], "Card: an ATR has 2 to 33 bytes, this has 1");
        check(&[0x3B, 0x00], &[0xFF], "Card: the ATR has 2 bytes, its mask has 1; make them equally long");
        check(
            &[0x3B, 0x01],
            &[0xFF, 0xF0],
            "Card: byte 1 of the ATR has bits outside the mask; register the masked ATR",
        );
        let card = |name: &str| CardType::exact(name, &[0x3B, 0x00], VENDOR).unwrap();
        let error = CardDatabase::new(vec![card("Card"), card("CARD")]).unwrap_err();
        assert_eq!(error, CardDatabaseError::Twice { card: "CARD".into() });
    }
}
