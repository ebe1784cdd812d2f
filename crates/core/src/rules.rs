//! The rules this core decides, by their ids in the requirement catalogue.

use autoenroll_model::Rule;

macro_rules! rules {
    ($( $(#[$meta:meta])* $name:ident = $id:literal; )*) => {
        $( $(#[$meta])* pub(crate) const $name: Rule = Rule::new($id); )*
        /// Every rule this core can decide.
        pub const RULES: &[Rule] = &[ $( $name, )* ];
    };
}

rules! {
    // A. Policy gate.
    R001 = "R001"; R002 = "R002"; R003 = "R003"; R004 = "R004"; R006 = "R006"; R007 = "R007"; P7_3 = "P7.3";
    // B. Triggers.
    R008 = "R008"; R009 = "R009"; R010 = "R010"; R011 = "R011"; R012 = "R012"; R014 = "R014";
    P7_1 = "P7.1"; P7_2 = "P7.2"; P7_35 = "P7.35";
    // C. Trust synchronisation.
    R015 = "R015"; R016 = "R016"; R018 = "R018"; R019 = "R019"; R020 = "R020"; R021 = "R021";
    // D. Policy acquisition.
    R022 = "R022"; R023 = "R023"; R024 = "R024"; R025 = "R025"; R026 = "R026"; R027 = "R027"; R028 = "R028"; R030 = "R030";
    R031 = "R031"; R032 = "R032"; R033 = "R033";
    // E. Candidates.
    R034 = "R034"; R035 = "R035"; R036 = "R036"; R037 = "R037"; R038 = "R038"; R039 = "R039"; R040 = "R040"; R041 = "R041";
    R042 = "R042"; R043 = "R043"; R044 = "R044"; R045 = "R045"; R046 = "R046"; R047 = "R047"; P7_4 = "P7.4";
    // F. Stores.
    R049 = "R049"; R050 = "R050"; R051 = "R051"; R052 = "R052"; R053 = "R053"; R054 = "R054"; R055 = "R055"; R056 = "R056";
    R057 = "R057"; R058 = "R058"; R059 = "R059"; R060 = "R060"; R061 = "R061"; R062 = "R062"; P7_27 = "P7.27"; P7_39 = "P7.39";
    // G. Work list.
    R063 = "R063"; R064 = "R064"; R065 = "R065"; R067 = "R067";
    // H. Request.
    R068 = "R068"; R069 = "R069"; R070 = "R070"; R071 = "R071"; R072 = "R072"; R073 = "R073"; R074 = "R074"; R075 = "R075";
    R076 = "R076"; R077 = "R077"; R078 = "R078"; R079 = "R079"; R080 = "R080"; P7_9 = "P7.9"; P7_11 = "P7.11"; P7_12 = "P7.12";
    P7_20 = "P7.20"; P7_44 = "P7.44";
    // I. Submission.
    R082 = "R082"; R083 = "R083"; R086 = "R086";
    // J. Installation.
    R089 = "R089"; R090 = "R090"; R091 = "R091"; R092 = "R092"; R094 = "R094"; P7_36 = "P7.36"; P7_38 = "P7.38";
    // K. Reporting.
    R095 = "R095"; R096 = "R096"; R097 = "R097"; R098 = "R098"; R099 = "R099"; P7_31 = "P7.31"; P7_43 = "P7.43"; P7_18 = "P7.18";
    // The user-interface state machine.
    S0_SILENT = "S0.silent"; S0_INTERACTIVE = "S0.interactive";
    S1_ELAPSED = "S1.elapsed"; S1_EXPRESS = "S1.express"; S1_LOGOFF = "S1.logoff";
    S2_CLICK = "S2.click"; S2_TIMEOUT = "S2.timeout"; S2_CLOSE = "S2.close";
    S3_CLICK = "S3.click"; S3_NEXT_PULSE = "S3.next-pulse";
    S4_START = "S4.start"; S4_REMIND = "S4.remind"; S4_DETAILS = "S4.details"; S4_CLOSE = "S4.close";
    S5_NEXT = "S5.next"; S5_CARD = "S5.card"; S5_SOFTWARE = "S5.software"; S5S_OK = "S5s.ok"; S5S_CANCEL = "S5s.cancel";
    S6_ONE = "S6.one"; S6_SEVERAL = "S6.several"; S6_NONE = "S6.none"; S6A_OK = "S6a.ok"; S6A_CANCEL = "S6a.cancel";
    S7_OK = "S7.ok"; S7_OK_WRONG = "S7.ok-wrong"; S7_CANCEL = "S7.cancel"; S7C_NEXT = "S7c.next"; S7C_EXHAUSTED = "S7c.exhausted";
    S8_EMPTY = "S8.empty"; S8_OCCUPIED = "S8.occupied"; S8Q_YES = "S8q.yes"; S8Q_NO = "S8q.no";
    S9_RIGHT = "S9.right"; S9_WRONG = "S9.wrong"; S9_BLOCKED = "S9.blocked"; S9_CANCEL = "S9.cancel"; S9_CACHED = "S9.cached";
    S10_OK = "S10.ok"; S10_FULL_REUSE = "S10.full-reuse"; S10_FULL = "S10.full"; S10_UNSUPPORTED = "S10.unsupported";
    S10_REMOVED = "S10.removed"; S11_ISSUED = "S11.issued"; S11_PENDING = "S11.pending"; S11_DENIED = "S11.denied";
    S12_OK = "S12.ok"; S12_ERROR = "S12.error"; S13_NEXT = "S13.next"; S14_SUMMARY = "S14.summary"; S14_SILENT = "S14.silent";
    SP_ARRIVES = "SP.arrives"; P7_5 = "P7.5"; P7_29 = "P7.29"; P7_37 = "P7.37"; P7_40 = "P7.40"; P7_41 = "P7.41"; P7_42 = "P7.42"; P7_45 = "P7.45";
}

#[cfg(test)]
mod tests {
    use super::RULES;

    #[test]
    fn no_rule_is_listed_twice() {
        for (at, rule) in RULES.iter().enumerate() {
            assert!(!RULES[..at].contains(rule), "{rule}");
        }
    }
}
